<?php
// Applications, read by SimpleSAMLphp's own parser from the metadata that they publish. The file beside each says how to
// sign for it, and by which of its addresses it is told of a logout.
foreach (glob(getenv('IDP_FOLDER') . '/applications/*.xml') as $file) {
    $parsed = \SimpleSAML\Metadata\SAMLParser::parseFile($file)->getMetadata20SP();
    $manner = json_decode(file_get_contents(substr($file, 0, -4) . '.json'), true);
    $binding = $manner['logout_binding'];
    unset($manner['logout_binding']);
    $fits = function ($endpoint) use ($binding) {
        return $endpoint['Binding'] === $binding;
    };
    $parsed['SingleLogoutService'] = array_values(array_filter($parsed['SingleLogoutService'], $fits));
    $metadata[$parsed['entityid']] = $manner + $parsed;
}

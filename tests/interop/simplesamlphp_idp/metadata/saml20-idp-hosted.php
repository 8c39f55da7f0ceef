<?php
// Requests and logouts must be signed; how answers are signed is said per application (saml20-sp-remote.php).
$both = [\SAML2\Constants::BINDING_HTTP_REDIRECT, \SAML2\Constants::BINDING_HTTP_POST];
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'SingleSignOnServiceBinding' => $both,
    'SingleLogoutServiceBinding' => $both,
    'validate.authnrequest' => true,
    'redirect.validate' => true,
    'validate.logout' => true,
    'sign.logout' => true,
    'NameIDFormat' => ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'],
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
        'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];

<?php
// exampleauth:UserPass with whom the tests name; everybody's password is "password".
$people = getenv('IDP_FOLDER') . '/people.json';
$known = is_file($people) ? json_decode(file_get_contents($people), true) : [];
$config = ['people' => ['exampleauth:UserPass'] + ['nobody:password' => ['uid' => ['nobody']]]];
foreach ($known as $name => $attributes) {
    $config['people'][$name . ':password'] = ['uid' => [$name]] + $attributes;
}

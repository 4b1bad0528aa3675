<?php
// An OSCP 1.0 party on PHP's SoapClient: makes the calls of its role once and prints what came of each, a line of JSON apiece.
// Arguments are key=value: role, version, wsdl, ca, token, user, password, identity, cable, start, end, capacity, only.
$given = [];
foreach (array_slice($argv, 1) as $argument) {
    [$key, $value] = explode('=', $argument, 2);
    $given[$key] = $value;
}
$context = stream_context_create(['ssl' => ['cafile' => $given['ca'] ?? '', 'verify_peer' => true, 'verify_peer_name' => true]]);
$client = new SoapClient($given['wsdl'], [
    'soap_version' => $given['version'] === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'connection_timeout' => 10,
    'stream_context' => $context,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$service = $given['role'] === 'dso' ? 'Csp' : 'Dso';
$headers = [new SoapHeader("urn:oscp-gateway:oscp-1.0:$service", 'cspIdentity', $given['identity'])];

// PHP has no WS-Security of its own; every example on the web makes the header like this.
function security(array $given): SoapHeader
{
    $wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-';
    $created = gmdate('Y-m-d\TH:i:s\Z');
    $nonce = random_bytes(16);
    $digest = $given['token'] === 'digest';
    $secret = $digest ? base64_encode(sha1($nonce . $created . $given['password'], true)) : htmlspecialchars($given['password']);
    $type = $digest ? 'PasswordDigest' : 'PasswordText';
    $token = "<wsse:Security SOAP-ENV:mustUnderstand=\"1\" xmlns:wsse=\"{$wss}wssecurity-secext-1.0.xsd\" xmlns:wsu=\"{$wss}wssecurity-utility-1.0.xsd\">"
        . "<wsse:UsernameToken><wsse:Username>" . htmlspecialchars($given['user']) . '</wsse:Username>'
        . "<wsse:Password Type=\"{$wss}username-token-profile-1.0#$type\">$secret</wsse:Password>"
        . '<wsse:Nonce>' . base64_encode($nonce) . "</wsse:Nonce><wsu:Created>$created</wsu:Created></wsse:UsernameToken></wsse:Security>";
    $prefix = $given['version'] === '1.2' ? 'env' : 'SOAP-ENV';
    return new SoapHeader("{$wss}wssecurity-secext-1.0.xsd", 'Security', new SoapVar(str_replace('SOAP-ENV:', "$prefix:", $token), XSD_ANYXML));
}

function call(string $title, string $operation, array $arguments): void
{
    global $client, $given, $headers;
    if (!in_array($given['only'] ?? '', ['', $title], true)) {
        return;
    }
    $all = ($given['token'] ?? 'none') === 'none' ? $headers : [...$headers, security($given)];
    try {
        $outcome = ['answer' => $client->__soapCall($operation, [$arguments], null, $all)];
    } catch (SoapFault $fault) {
        $outcome = ['fault' => ['codes' => [$fault->faultcode], 'reason' => $fault->getMessage()]];
    }
    echo json_encode(['call' => $title] + $outcome), "\n";
}

function forecast(string $cable, ?string $end = null): array
{
    global $given;
    $block = ['startTime' => $given['start'], 'endTime' => $end ?? $given['end'], 'capacity' => $given['capacity']];
    return ['cableId' => $cable, 'capacityUnit' => 'kW', 'block' => [$block]];
}

if ($given['role'] === 'dso') {
    call('forecast', 'UpdateCableCapacityForecast', ['cableCapacityForecast' => [forecast($given['cable'])]]);
    call('unknown cable', 'UpdateCableCapacityForecast', ['cableCapacityForecast' => [forecast('0815')]]);
    call('bad block', 'UpdateCableCapacityForecast', ['cableCapacityForecast' => [forecast($given['cable'], $given['start'])]]);
} else {
    call('question', 'GetCapacityForecast', ['cableId' => [$given['cable']]]);
    call('wish', 'RequestAdjustedCapacity', ['requestedCapacity' => forecast($given['cable'])]);
    $usage = ['cableId' => $given['cable'], 'energyUnit' => 'kWh', 'block' => [
        ['startTime' => $given['start'], 'endTime' => $given['end'], 'energy' => $given['capacity']],
    ]];
    call('usage', 'UpdateAggregatedUsage', ['aggregatedUsage' => [$usage]]);
    call('bad block', 'RequestAdjustedCapacity', ['requestedCapacity' => forecast($given['cable'], $given['start'])]);
}
call('heartbeat', 'Heartbeat', []);

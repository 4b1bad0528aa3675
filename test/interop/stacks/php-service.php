<?php
// An OSCP 1.0 service on PHP's SoapServer, for `php -S`: takes what it is told, writes each call down as a line of JSON, and answers.
// Environment: PARTY (its name), WSDL, VERSION, LOG, GRANTED (a capacity), SECRET_USER and SECRET_PASSWORD (what every call must show).
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    http_response_code(405);
    return;
}

class Service
{
    private array $shown = [];

    // Header blocks are handed over as calls of their own name, before the operation.
    public function Security($security): void
    {
        $token = $security->UsernameToken ?? null;
        $this->shown['user'] = $token->Username ?? '';
        if (($token->Username ?? '') !== getenv('SECRET_USER') || ($token->Password ?? '') !== getenv('SECRET_PASSWORD')) {
            throw new SoapFault(getenv('VERSION') === '1.2' ? 'Sender' : 'Client', 'Who are you?');
        }
    }

    public function cspIdentity($identity): void
    {
        $this->shown['identity'] = $identity;
    }

    public function UpdateCableCapacityForecast($request)
    {
        $this->note('UpdateCableCapacityForecast', $request);
        $capacity = (float) $request->cableCapacityForecast[0]->block[0]->capacity;
        $cable = $request->cableCapacityForecast[0]->cableId;
        if ($capacity === 13.0) {
            return ['status' => 'Rejected', 'rejectedCableId' => [$cable], 'info' => getenv('PARTY') . ': thirteen & unlucky'];
        }
        if ($capacity === 14.0) {
            throw new SoapFault(getenv('VERSION') === '1.2' ? 'Sender' : 'Client', getenv('PARTY') . ': fourteen <is> too much');
        }
        return ['status' => 'Accepted'];
    }

    public function GetCapacityForecast($request)
    {
        $this->note('GetCapacityForecast', $request);
        $block = ['startTime' => getenv('START'), 'endTime' => getenv('END'), 'capacity' => getenv('GRANTED')];
        $forecast = ['cableId' => getenv('CABLE'), 'capacityUnit' => 'kW', 'block' => [$block]];
        return ['status' => 'Accepted', 'cableCapacityForecast' => [$forecast]];
    }

    public function RequestAdjustedCapacity($request)
    {
        $this->note('RequestAdjustedCapacity', $request);
        return ['status' => 'Accepted', 'cableCapacityForecast' => $request->requestedCapacity];
    }

    public function UpdateAggregatedUsage($request)
    {
        $this->note('UpdateAggregatedUsage', $request);
        return ['status' => 'Accepted'];
    }

    public function Heartbeat($request)
    {
        $this->note('Heartbeat', $request);
        return ['currentTime' => gmdate('Y-m-d\TH:i:s\Z')];
    }

    private function note(string $operation, $value): void
    {
        $line = json_encode(['operation' => $operation, 'value' => $value] + $this->shown) . "\n";
        file_put_contents(getenv('LOG'), $line, FILE_APPEND | LOCK_EX);
    }
}

$server = new SoapServer(getenv('WSDL'), [
    'soap_version' => getenv('VERSION') === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$server->setClass(Service::class);
$server->setPersistence(SOAP_PERSISTENCE_REQUEST);
$server->handle();

<?php
// A service on PHP's SoapServer, as a script that serves one request; the WSDL is kept between requests; constant answers.
class Service
{
    public function UpdateCableCapacityForecast($request)
    {
        return ['status' => 'Accepted'];
    }

    public function Heartbeat($request)
    {
        return ['currentTime' => gmdate('Y-m-d\TH:i:s\Z')];
    }
}

$server = new SoapServer(__DIR__ . '/../../../wsdl/oscp-1.0/CspService.wsdl', [
    'soap_version' => SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_MEMORY,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);
$server->setClass(Service::class);
$server->handle();

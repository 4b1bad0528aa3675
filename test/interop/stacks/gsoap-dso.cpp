// A grid operator on gSOAP: makes each call of its role once and prints what came of it, a line of JSON apiece.
#include "soapCspServiceSoap11Proxy.h"
#include "CspServiceSoap11.nsmap"
#include "gsoap-common.hpp"

static CspServiceSoap11Proxy *proxy;

static void prepare() {
  soap_destroy(proxy->soap);
  soap_end(proxy->soap);
  soap_header(proxy->soap);
  proxy->soap->header->ns1__cspIdentity = &given["identity"];
  secure(proxy->soap);
}

static void forecast(const char *title, const std::string &cable, const char *end) {
  if (!wanted(title)) return;
  prepare();
  ns1__CapacityBlock block;
  block.startTime = instant("start");
  block.endTime = instant(end);
  block.capacity = given["capacity"];
  ns1__CableCapacityForecast forecast;
  forecast.cableId = cable;
  forecast.capacityUnit = ns1__CapacityUnit__kW;
  forecast.block.push_back(&block);
  ns1__UpdateCableCapacityForecastRequest request;
  request.cableCapacityForecast.push_back(&forecast);
  ns1__UpdateCableCapacityForecastResponse response;
  int error = proxy->UpdateCableCapacityForecast_(&request, response);
  std::string status = response.status == ns1__AcknowledgeStatus__Accepted ? "Accepted" : "Rejected";
  std::string answer = "\"status\":" + quoted(status) + ",\"rejectedCableId\":" + listed(response.rejectedCableId);
  if (response.info) answer += ",\"info\":" + quoted(*response.info);
  tell(proxy->soap, title, error, answer);
}

int main(int argc, char **argv) {
  readArguments(argc, argv);
  struct soap *soap = connect();
  CspServiceSoap11Proxy calls(soap);
  calls.soap_endpoint = given["endpoint"].c_str();
  proxy = &calls;
  useVersion(soap, namespaces);
  forecast("forecast", given["cable"], "end");
  forecast("unknown cable", "0815", "end");
  forecast("bad block", given["cable"], "start");
  if (wanted("heartbeat")) {
    prepare();
    ns1__HeartbeatRequest request;
    ns1__HeartbeatResponse response;
    int error = calls.Heartbeat_(&request, response);
    tell(calls.soap, "heartbeat", error, "\"currentTime\":" + quoted(soap_dateTime2s(calls.soap, response.currentTime)));
  }
  calls.destroy();
  return 0;
}

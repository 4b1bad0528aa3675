// A charge spot operator on gSOAP: makes each call of its role once and prints what came of it, a line of JSON apiece.
#include "soapDsoServiceSoap11Proxy.h"
#include "DsoServiceSoap11.nsmap"
#include "gsoap-common.hpp"

static DsoServiceSoap11Proxy *proxy;

static void prepare() {
  soap_destroy(proxy->soap);
  soap_end(proxy->soap);
  soap_header(proxy->soap);
  proxy->soap->header->ns1__cspIdentity = &given["identity"];
  secure(proxy->soap);
}

static void question() {
  if (!wanted("question")) return;
  prepare();
  ns1__GetCapacityForecastRequest request;
  request.cableId.push_back(given["cable"]);
  ns1__GetCapacityForecastResponse response;
  int error = proxy->GetCapacityForecast_(&request, response);
  std::string forecasts;
  for (ns1__CableCapacityForecast *one : response.cableCapacityForecast) {
    std::string blocks;
    for (ns1__CapacityBlock *block : one->block)
      blocks += (blocks.empty() ? "{\"capacity\":" : ",{\"capacity\":") + quoted(block->capacity) + ",\"startTime\":" +
                quoted(soap_dateTime2s(proxy->soap, block->startTime)) + "}";
    std::string unit = one->capacityUnit == ns1__CapacityUnit__kW ? "kW" : "other";
    forecasts += (forecasts.empty() ? "{\"cableId\":" : ",{\"cableId\":") + quoted(one->cableId) + ",\"capacityUnit\":" +
                 quoted(unit) + ",\"block\":[" + blocks + "]}";
  }
  std::string status = response.status == ns1__AcknowledgeStatus__Accepted ? "Accepted" : "Rejected";
  tell(proxy->soap, "question", error, "\"status\":" + quoted(status) + ",\"cableCapacityForecast\":[" + forecasts + "]");
}

static void wish(const char *title, const char *end) {
  if (!wanted(title)) return;
  prepare();
  ns1__CapacityBlock block;
  block.startTime = instant("start");
  block.endTime = instant(end);
  block.capacity = given["capacity"];
  ns1__CableCapacityForecast forecast;
  forecast.cableId = given["cable"];
  forecast.capacityUnit = ns1__CapacityUnit__kW;
  forecast.block.push_back(&block);
  ns1__RequestAdjustedCapacityRequest request;
  request.requestedCapacity = &forecast;
  ns1__RequestAdjustedCapacityResponse response;
  int error = proxy->RequestAdjustedCapacity_(&request, response);
  std::string status = response.status == ns1__AdjustmentStatus__Pending ? "Pending" : "other";
  tell(proxy->soap, title, error, "\"status\":" + quoted(status));
}

static void usage() {
  if (!wanted("usage")) return;
  prepare();
  ns1__UsageBlock block;
  block.startTime = instant("start");
  block.endTime = instant("end");
  block.energy = given["capacity"];
  ns1__AggregatedUsage used;
  used.cableId = given["cable"];
  used.energyUnit = ns1__EnergyUnit__kWh;
  used.block.push_back(&block);
  ns1__UpdateAggregatedUsageRequest request;
  request.aggregatedUsage.push_back(&used);
  ns1__UpdateAggregatedUsageResponse response;
  int error = proxy->UpdateAggregatedUsage_(&request, response);
  std::string status = response.status == ns1__AcknowledgeStatus__Accepted ? "Accepted" : "Rejected";
  tell(proxy->soap, "usage", error, "\"status\":" + quoted(status));
}

int main(int argc, char **argv) {
  readArguments(argc, argv);
  struct soap *soap = connect();
  DsoServiceSoap11Proxy calls(soap);
  calls.soap_endpoint = given["endpoint"].c_str();
  proxy = &calls;
  useVersion(soap, namespaces);
  question();
  wish("wish", "end");
  usage();
  wish("bad block", "start");
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

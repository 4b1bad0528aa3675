// A server on gSOAP, as its manual has it: a thread per connection, everything parsed and typed, constant answers.
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <pthread.h>
#include "CspServiceSoap11.nsmap"
#include "soapCspServiceSoap11Service.h"

static int acknowledge(ns1__UpdateCableCapacityForecastResponse &answer) {
  answer.status = ns1__AcknowledgeStatus__Accepted;
  return SOAP_OK;
}

static int tellTime(ns1__HeartbeatResponse &answer) {
  answer.currentTime = time(NULL);
  return SOAP_OK;
}

// The names with an underscore are those of the port of SOAP 1.2.
int CspServiceSoap11Service::UpdateCableCapacityForecast(ns1__UpdateCableCapacityForecastRequest *, ns1__UpdateCableCapacityForecastResponse &answer) { return acknowledge(answer); }
int CspServiceSoap11Service::UpdateCableCapacityForecast_(ns1__UpdateCableCapacityForecastRequest *, ns1__UpdateCableCapacityForecastResponse &answer) { return acknowledge(answer); }
int CspServiceSoap11Service::Heartbeat(ns1__HeartbeatRequest *, ns1__HeartbeatResponse &answer) { return tellTime(answer); }
int CspServiceSoap11Service::Heartbeat_(ns1__HeartbeatRequest *, ns1__HeartbeatResponse &answer) { return tellTime(answer); }

static void *serveConnection(void *service) {
  CspServiceSoap11Service *own = (CspServiceSoap11Service *)service;
  own->serve();
  own->destroy();
  delete own;
  return NULL;
}

int main(int, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  CspServiceSoap11Service service(SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE);
  service.soap->bind_flags = SO_REUSEADDR;
  service.soap->max_keep_alive = 0;
  if (!soap_valid_socket(service.bind("127.0.0.1", atoi(argv[1]), 100))) return 1;
  while (soap_valid_socket(service.accept())) {
    pthread_t thread;
    pthread_create(&thread, NULL, serveConnection, service.copy());
    pthread_detach(thread);
  }
  return 1;
}

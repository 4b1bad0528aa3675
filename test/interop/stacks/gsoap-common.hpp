// What both programs on gSOAP share: arguments of the form key=value, the header of a call, and outcomes as lines of JSON.
#pragma once
#include <map>
#include <string>
#include <vector>
#include <cstdio>
#include "wsseapi.h"

inline std::map<std::string, std::string> given;

inline void readArguments(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    std::string argument = argv[i];
    size_t at = argument.find('=');
    given[argument.substr(0, at)] = argument.substr(at + 1);
  }
}

inline std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\') out += std::string("\\") + (char)c;
    else if (c < 0x20) { snprintf(escaped, sizeof escaped, "\\u%04x", c); out += escaped; }
    else out += (char)c;
  }
  return out + "\"";
}

inline std::string listed(const std::vector<std::string> &texts) {
  std::string out;
  for (const std::string &text : texts) out += (out.empty() ? "" : ",") + quoted(text);
  return "[" + out + "]";
}

inline struct soap *connect() {
  soap_ssl_init();
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING | SOAP_IO_KEEPALIVE);
  soap_register_plugin(soap, soap_wsse);
  soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 10;
  const std::string &ca = given["ca"];
  if (!ca.empty() && soap_ssl_client_context(soap, SOAP_SSL_DEFAULT, NULL, NULL, ca.c_str(), NULL, NULL)) {
    soap_print_fault(soap, stderr);
    exit(1);
  }
  return soap;
}

/** After a proxy was made, which sets its own table. The first two namespaces are those of SOAP 1.2, or of 1.1 where they are put first. */
inline void useVersion(struct soap *soap, const struct Namespace *own) {
  static std::vector<struct Namespace> table;
  do table.push_back(*own);
  while ((own++)->id);
  for (int i = 0; i < 2 && given["version"] == "1.1"; i++) std::swap(table[i].ns, table[i].in);
  soap_set_namespaces(soap, table.data());
}

inline bool wanted(const char *title) { return given["only"].empty() || given["only"] == title; }

inline void secure(struct soap *soap) {
  const std::string &token = given["token"];
  const char *user = given["user"].c_str(), *password = given["password"].c_str();
  if (token == "text") soap_wsse_add_UsernameTokenText(soap, NULL, user, password);
  if (token == "digest") soap_wsse_add_UsernameTokenDigest(soap, NULL, user, password);
}

inline void tell(struct soap *soap, const char *title, int error, const std::string &answer) {
  if (error == SOAP_OK) {
    printf("{\"call\":%s,\"answer\":{%s}}\n", quoted(title).c_str(), answer.c_str());
    return;
  }
  const char **code = soap_faultcode(soap), **reason = soap_faultstring(soap);
  const char **found = soap->fault && soap->version == 2 ? soap_faultsubcode(soap) : NULL, *sub = found ? *found : NULL;
  std::vector<std::string> codes = {code && *code ? *code : ""};
  if (sub) codes.push_back(sub);
  if (soap->fault == NULL || error < 0 || (error > 200 && error != 500)) codes[0] += " (error " + std::to_string(error) + ")";
  printf("{\"call\":%s,\"fault\":{\"codes\":%s,\"reason\":%s}}\n", quoted(title).c_str(), listed(codes).c_str(), quoted(reason && *reason ? *reason : "").c_str());
}

inline time_t instant(const std::string &key) {
  struct soap *soap = soap_new();
  time_t time = 0;
  soap_s2dateTime(soap, given[key].c_str(), &time);
  soap_free(soap);
  return time;
}

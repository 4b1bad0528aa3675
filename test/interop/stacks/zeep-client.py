"""An OSCP 1.0 party on zeep: makes the calls of its role once and prints what came of each, a line of JSON apiece.

Arguments are key=value: role, version, wsdl, ca, token, user, password, cable, start, end, capacity, only.
"""
import json
import sys

import requests
import zeep
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

given = dict(argument.split("=", 1) for argument in sys.argv[1:])
session = requests.Session()
session.trust_env = False
if given.get("ca"):
    session.verify = given["ca"]
wsse = None
if given.get("token", "none") != "none":
    wsse = UsernameToken(given["user"], given["password"], use_digest=given["token"] == "digest")
client = zeep.Client(given["wsdl"], wsse=wsse, transport=Transport(session=session, timeout=10, operation_timeout=10))
name = "CspService" if given["role"] == "dso" else "DsoService"
service = client.bind(name, name + ("Soap12" if given["version"] == "1.2" else "Soap11"))
identity = {"cspIdentity": given["identity"]}


def call(title, operation, **arguments):
    if given.get("only") not in (None, "", title):
        return
    try:
        answer = zeep.helpers.serialize_object(service[operation](_soapheaders=identity, **arguments))
        # What holds one element only is handed over as that element.
        outcome = {"answer": answer if isinstance(answer, dict) else {"currentTime": answer}}
    except zeep.exceptions.Fault as fault:
        codes = [str(fault.code)] + [str(code) for code in fault.subcodes or []]
        outcome = {"fault": {"codes": codes, "reason": fault.message}}
    print(json.dumps({"call": title, **outcome}, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value)))


def block(**more):
    return {"startTime": given["start"], "endTime": given["end"], **more}


def forecast(cable, end=given["end"]):
    one = {"startTime": given["start"], "endTime": end, "capacity": given["capacity"]}
    return {"cableId": cable, "capacityUnit": "kW", "block": [one]}


if given["role"] == "dso":
    call("forecast", "UpdateCableCapacityForecast", cableCapacityForecast=[forecast(given["cable"])])
    call("unknown cable", "UpdateCableCapacityForecast", cableCapacityForecast=[forecast("0815")])
    call("bad block", "UpdateCableCapacityForecast", cableCapacityForecast=[forecast(given["cable"], given["start"])])
else:
    call("question", "GetCapacityForecast", cableId=[given["cable"]])
    call("wish", "RequestAdjustedCapacity", requestedCapacity=forecast(given["cable"]))
    usage = {"cableId": given["cable"], "energyUnit": "kWh", "block": [block(energy=given["capacity"])]}
    call("usage", "UpdateAggregatedUsage", aggregatedUsage=[usage])
    call("bad block", "RequestAdjustedCapacity", requestedCapacity=forecast(given["cable"], given["start"]))
call("heartbeat", "Heartbeat")

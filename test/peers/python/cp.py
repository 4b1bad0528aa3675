"""A capacity provider of the Python family: sends limits, takes measurements and compliance errors."""

import datetime

from oscp import Party

party = Party(
    "cp",
    {"adjust_group_capacity_forecast", "group_capacity_compliance_error", "update_group_measurements"},
)


def forecast(order):
    start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    end = start + datetime.timedelta(minutes=15)
    # One block without a phase, in the way of the family, with an offset that is not Z.
    block = {"capacity": order["capacity"], "unit": "KW", "start_time": start.isoformat(), "end_time": end.isoformat()}
    body = {"group_id": order["group"], "type": "CONSUMPTION", "forecasted_blocks": [block]}
    return party.call("POST", "update_group_capacity_forecast", body)


party.run({"forecast": forecast})

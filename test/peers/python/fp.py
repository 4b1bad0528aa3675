"""A flexibility provider of the Python family: takes limits, sends measurements, also none."""

from oscp import Party

party = Party("fp", {"update_group_capacity_forecast"})


def measure(order):
    body = {"group_id": order["group"], "measurements": order.get("measurements", [])}
    return party.call("POST", "update_group_measurements", body)


def compliance(order):
    correlation = order.get("correlation")
    return party.call("POST", "group_capacity_compliance_error", {"message": "cannot"}, correlation=correlation)


party.run({"measure": measure, "compliance": compliance})

"""`Spend`: who hears of the bill, and of what is out of the ordinary in it."""

import pulumi
import pulumi_aws as aws

from flyball.guards.aws.spend import Spend as Stated
from flyball.guards.reading.units import show_number

ACTUAL, FORECAST = (80, 100), (100,)
"""Percent of the budget at which people are told: of what was spent, and of what will have been at the month's end."""
ODD = 5
"""Percent of the budget; a deviation of a service from its own habit that comes to so much is told."""


class Spend(pulumi.ComponentResource):
    """A budget of the whole account, and a watch on each service's costs. Both only tell; the caps are elsewhere."""

    def __init__(self, name: str, spend: Stated, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flyball:aws:Spend", name, {}, opts)
        child, notify = pulumi.ResourceOptions(parent=self), list(spend.notify)
        told = [("ACTUAL", percent) for percent in ACTUAL] + [("FORECASTED", percent) for percent in FORECAST]
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=show_number(spend.budget, 2),
            limit_unit="USD",
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": notify,
                }
                for kind, percent in told
            ],
            opts=child,
        )
        monitor = aws.costexplorer.AnomalyMonitor(
            name, name=name, monitor_type="DIMENSIONAL", monitor_dimension="SERVICE", opts=child
        )
        aws.costexplorer.AnomalySubscription(
            name,
            name=name,
            frequency="DAILY",
            monitor_arn_lists=[monitor.arn],
            subscribers=[{"type": "EMAIL", "address": address} for address in notify],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [show_number(spend.budget * ODD / 100, 2)],
                }
            },
            opts=child,
        )
        self.register_outputs({})

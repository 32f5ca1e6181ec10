"""The schedules of the topology as EventBridge schedules, in exchange time."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs

from infra import topology
from infra.stacks.policies import allow

_RETRIES = 2
_MAX_EVENT_AGE = Duration.minutes(15)
"""A later invocation would meet the next one of the same schedule."""


def add_schedules(stack: Stack, functions: Mapping[str, lambda_.Function], failures: sqs.Queue) -> None:
    """Add every schedule; what cannot be delivered ends in `failures`."""
    scheduled = [function for function in topology.FUNCTIONS if function.schedules]
    role = iam.Role(
        stack,
        "SchedulerRole",
        assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
        inline_policies={
            "least-privilege": iam.PolicyDocument(
                statements=[
                    allow(
                        ("lambda:InvokeFunction",), [functions[function.name].function_arn for function in scheduled]
                    ),
                    allow(("sqs:SendMessage",), (failures.queue_arn,)),
                ]
            )
        },
    ).without_policy_updates()
    for function in scheduled:
        for trigger in function.schedules:
            name = f"{function.deployed_name}-{trigger.name}"
            scheduler.Schedule(
                stack,
                f"Schedule-{function.name}-{trigger.name}",
                schedule_name=name,
                schedule=scheduler.ScheduleExpression.cron(
                    minute=trigger.minute,
                    hour=trigger.hour,
                    week_day=trigger.week_day,
                    time_zone=TimeZone.ASIA_HO_CHI_MINH,
                ),
                target=targets.LambdaInvoke(
                    functions[function.name],
                    input=scheduler.ScheduleTargetInput.from_object(_event(stack, trigger)),
                    retry_attempts=_RETRIES,
                    max_event_age=_MAX_EVENT_AGE,
                    dead_letter_queue=failures,
                    role=role,
                ),
            )


def _event(stack: Stack, trigger: topology.ScheduleTrigger) -> dict[str, object]:
    """EventBridge's form of a scheduled event, which handlers read; the Scheduler fills in what it knows."""
    return {
        "version": "0",
        "id": scheduler.ContextAttribute.execution_id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": stack.account,
        "time": scheduler.ContextAttribute.scheduled_time,
        "region": stack.region,
        "resources": [scheduler.ContextAttribute.schedule_arn],
        "detail": dict(trigger.detail),
    }

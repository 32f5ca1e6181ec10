"""Findings of cdk-nag that were looked at and are meant to be."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept what `rule` says of `construct` and all below it, for `reason`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))

"""The audit of claims: which printed numbers are right, which carry a mistake on, and what a mistake comes from.

A number is compared with the exact one to the place that it is printed to (`verdicts`). Where it differs it is worked
out again from what the document prints before it (`ways`, `carried`, `working`); what follows from an earlier wrong
number is its consequence, and what follows from nothing is a root, whose cause is looked for (`givens`, `roots`).
"""

from symbackprop.checking.audit.verdicts import audit

__all__ = ["audit"]

"""All checks, in the order in which one stands on another."""

from benchmarks.verify_gpu.checks import Check, again, agrees, continues, in_force, packs, sixteen_bit, trains
from benchmarks.verify_gpu.checks_of_a_chain import chain
from benchmarks.verify_gpu.checks_of_cost import as_estimated, beside_bare
from benchmarks.verify_gpu.checks_of_use import accepted, merges, served, serves

ALL: tuple[Check, ...] = (
    trains,
    in_force,
    as_estimated,
    again,
    beside_bare,
    continues,
    chain,
    agrees,
    packs,
    sixteen_bit,
    accepted,
    merges,
    serves,
    served,
)

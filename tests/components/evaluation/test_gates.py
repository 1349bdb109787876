"""The decision, gate by gate."""

import pytest

from components.evaluation.gates import decide
from components.settings import GateSettings


def around(mean, width=0.1):
    return {"mean": mean, "low": mean - width, "high": mean + width}


def metrics(
    ours=0.4, popularity=0.2, ease=None, champion=None, coverage=0.05, slices=None, width=0.1, users=1000
):
    others = {"popularity": popularity, "ease": ease, "champion": champion}
    others = {name: value for name, value in others.items() if value is not None}
    systems = {name: {"ndcg@10": around(value)} for name, value in others.items()}
    systems["towerline"] = {"ndcg@10": around(ours), "coverage@10": {"mean": coverage}}
    differences = {name: {"ndcg@10": around(ours - value, width)} for name, value in others.items()}
    return {"num_queries": users, "systems": systems, "differences": differences, "slices": slices or {}}


def part(num_queries, champion, ahead, width=0.01):
    """A slice in which the champion has an NDCG@10 and the model is ahead of it."""
    return {
        "num_queries": num_queries,
        "systems": {"champion": {"ndcg@10": around(champion)}},
        "differences": {"champion": {"ndcg@10": around(ahead, width)}},
    }


def decision(settings=None, **kwargs):
    return {gate.name: gate for gate in decide(metrics(**kwargs), settings or GateSettings())}


def test_a_good_model_passes_every_gate():
    gates = decision(ease=0.3)
    assert list(gates) == [
        "min_ndcg",
        "min_coverage",
        "against_popularity",
        "against_baselines",
        "max_champion_loss",
        "max_slice_loss",
    ]
    assert all(gate.passed for gate in gates.values())
    assert "no champion" in gates["max_champion_loss"].sentence
    assert "no slice" in gates["max_slice_loss"].sentence


def test_an_interval_that_touches_zero_is_not_clearly_better_than_popularity():
    strict = GateSettings(against_popularity="clearly_better")
    gate = decision(strict, ours=0.5, popularity=0.25, width=0.25)["against_popularity"]
    assert not gate.passed and gate.measured == 0.0
    assert gate.sentence.endswith("not clearly better.")
    assert decision(strict, ours=0.5, popularity=0.25, width=0.24)["against_popularity"].passed


def test_by_default_only_what_is_clearly_worse_than_popularity_is_refused():
    gate = decision(ours=0.25, popularity=0.5, width=0.26)["against_popularity"]  # it ends at +0.01
    assert gate.passed and gate.sentence.endswith("not worse.")
    refused = decision(ours=0.25, popularity=0.5, width=0.25)["against_popularity"]  # it ends at zero
    assert not refused.passed and refused.sentence.endswith("clearly worse.")
    off = GateSettings(against_popularity="off")
    assert "against_popularity" not in decision(off, ours=0.25, popularity=0.5)


def test_by_default_a_model_that_is_clearly_worse_than_any_baseline_is_refused():
    gate = decision(ours=0.2, ease=0.4)["against_baselines"]
    assert not gate.passed and "0.4000 of ease" in gate.sentence and gate.sentence.endswith("clearly worse.")
    assert decision(ours=0.35, ease=0.4)["against_baselines"].passed
    clearly = GateSettings(against_baselines="clearly_better")
    assert not decision(clearly, ours=0.45, ease=0.4)["against_baselines"].passed
    assert "against_baselines" not in decision(GateSettings(against_baselines="off"), ours=0.2, ease=0.4)


def against(**kwargs):
    """Whether each comparison with the baselines holds, by what is asked."""
    gates = decide(metrics(ease=0.3, **kwargs), GateSettings())
    return {gate.sentence.split(":")[0]: gate.passed for gate in gates if gate.name == "against_baselines"}


def beside_ease(ahead, num_queries):
    return {
        "num_queries": num_queries,
        "systems": {"towerline": {"ndcg@10": around(0.3 + ahead)}, "ease": {"ndcg@10": around(0.3)}},
        "differences": {"ease": {"ndcg@10": around(ahead, 0.05)}},
    }


def test_of_few_users_the_comparisons_hold_together():
    """Of two baselines 97.5 % each: 2.2414 standard errors instead of 1.9600, by a table of the normal."""
    measured = metrics(ours=0.3, ease=0.4, width=0.09, users=99)
    measured["systems"]["als"] = measured["systems"]["ease"]
    measured["differences"]["als"] = measured["differences"]["ease"]
    gate = next(gate for gate in decide(measured, GateSettings()) if gate.name == "against_baselines")
    assert gate.passed and gate.measured == pytest.approx(-0.1 + 0.09 * 2.2414 / 1.96, abs=1e-4)
    assert "95 % interval of 2 comparisons together -0.2029 to +0.0029: not worse." in gate.sentence
    measured["num_queries"] = 100
    gate = next(gate for gate in decide(measured, GateSettings()) if gate.name == "against_baselines")
    assert not gate.passed and "95 % interval -0.1900 to -0.0100: clearly worse." in gate.sentence


def test_baselines_are_asked_for_what_was_never_bought_before_as_well():
    content = metrics(ease=0.3) | {"new_products_only": beside_ease(-0.06, 900)}
    gates = [gate for gate in decide(content, GateSettings()) if gate.name == "against_baselines"]
    assert [gate.passed for gate in gates] == [True, False]
    assert gates[1].sentence.startswith("What was never bought before: NDCG@10 0.2400 against 0.3000 of ease")


def test_large_slices_of_users_are_asked_too_and_small_ones_are_not():
    slices = {
        "new_users": beside_ease(-0.06, 199),
        "light_users": beside_ease(-0.06, 200),
        "heavy_users": beside_ease(-0.04, 200),  # its interval ends above zero
        "tail_products": beside_ease(-0.06, 900),  # no slice of users
    }
    assert against(slices=slices) == {
        "Everything": True,
        "Light users (200)": False,
        "Heavy users (200)": True,
    }


def test_equal_lists_are_not_worse():
    assert decision(ours=0.3, ease=0.3, width=0.0)["against_baselines"].passed


def test_floors_hold_at_their_value():
    gates = decision(GateSettings(min_ndcg=0.4, min_coverage=0.06))
    assert gates["min_ndcg"].passed
    assert gates["min_ndcg"].sentence == "NDCG@10 0.4000 [0.3000, 0.5000] is at least 0.4000."
    assert not gates["min_coverage"].passed
    assert gates["min_coverage"].sentence == "Catalogue coverage@10 0.0500 is below 0.0600."


def test_the_champion_may_be_missed_by_a_little():
    assert decision(champion=0.405)["max_champion_loss"].passed  # 1.2 %
    lost = decision(champion=0.5)["max_champion_loss"]
    assert not lost.passed and abs(lost.measured - 0.2) < 1e-9
    assert decision(champion=0.0)["max_champion_loss"].passed


def test_a_slice_refuses_a_model_that_surely_lost_on_it():
    slices = {
        "light_users": part(80, champion=0.2, ahead=-0.04),  # surely -0.03 of 0.2: 15 %
        "heavy_users": part(80, champion=0.4, ahead=-0.04),  # surely -0.03 of 0.4: 7.5 %
        "new_users": part(20, champion=0.2, ahead=-0.2),  # too few users to tell
    }
    lost = decision(champion=0.4, slices=slices)["max_slice_loss"]
    assert not lost.passed and lost.measured == pytest.approx(0.15)
    assert "Of 2 slices, `light_users` (80 users)" in lost.sentence and "15.00%, above" in lost.sentence
    del slices["light_users"]
    assert decision(champion=0.4, slices=slices)["max_slice_loss"].passed

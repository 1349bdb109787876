"""The decision, gate by gate."""

from components.evaluation.gates import decide
from components.settings import GateSettings


def systems(ours=0.4, popularity=0.2, champion=None, coverage=0.05):
    result = {
        "towerline": {"ndcg@10": {"mean": ours}, "coverage@10": {"mean": coverage}},
        "popularity": {"ndcg@10": {"mean": popularity}},
    }
    return result | ({"champion": {"ndcg@10": {"mean": champion}}} if champion is not None else {})


def decision(low=0.1, settings=None, **kwargs):
    differences = {"popularity": {"ndcg@10": {"mean": low + 0.1, "low": low, "high": low + 0.2}}}
    return {gate.name: gate for gate in decide(systems(**kwargs), differences, settings or GateSettings())}


def test_a_good_model_passes_every_gate():
    gates = decision()
    assert list(gates) == ["least_ndcg", "least_coverage", "against_popularity", "worst_champion_loss"]
    assert all(gate.passed for gate in gates.values())
    assert "no champion" in gates["worst_champion_loss"].detail


def test_an_interval_that_touches_zero_is_not_clearly_better_than_popularity():
    gate = decision(low=0.0, settings=GateSettings(against_popularity="clearly_better"))["against_popularity"]
    assert not gate.passed and gate.measured == 0.0
    assert gate.detail.endswith("not clearly better.")
    clear = decision(low=0.001, settings=GateSettings(against_popularity="clearly_better"))
    assert clear["against_popularity"].passed


def test_by_default_only_what_is_clearly_worse_than_popularity_is_refused():
    gate = decision(low=-0.19)["against_popularity"]  # the interval ends at +0.01
    assert gate.passed and gate.detail.endswith("not worse.")
    refused = decision(low=-0.2)["against_popularity"]  # it ends at zero
    assert not refused.passed and refused.detail.endswith("clearly worse.")
    assert "against_popularity" not in decision(low=-0.2, settings=GateSettings(against_popularity="off"))


def test_floors_hold_at_their_value():
    settings = GateSettings(least_ndcg=0.4, least_coverage=0.06)
    gates = decision(settings=settings)
    assert gates["least_ndcg"].passed
    assert not gates["least_coverage"].passed
    assert gates["least_coverage"].detail == "Catalogue coverage@10 0.0500 is below 0.0600."


def test_the_champion_may_be_missed_by_a_little():
    assert decision(champion=0.405)["worst_champion_loss"].passed  # 1.2 %
    lost = decision(champion=0.5)["worst_champion_loss"]
    assert not lost.passed and abs(lost.measured - 0.2) < 1e-9
    assert decision(champion=0.0)["worst_champion_loss"].passed

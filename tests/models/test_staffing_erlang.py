"""Erlang-C and Erlang-A against published values, sums written out, and a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.models.staffing_erlang import (
    erlang_a,
    erlang_b,
    erlang_c,
    fewest_servers,
    mean_wait,
    occupancy,
    patient_service_level,
    service_level,
)
from staffing_forecasts import waits

LOADS, SERVERS = st.floats(0.01, 60), st.integers(1, 80)


def test_erlang_c_has_its_published_values():
    assert erlang_c(5, [6, 7, 8]) == pytest.approx([0.587516, 0.324150, 0.167267], abs=1e-6)
    assert erlang_c(10, [11, 13]) == pytest.approx([0.682118, 0.285270], abs=1e-6)
    level = service_level(5, [6, 7, 8], handle_time_seconds=180, target_wait_seconds=20)
    assert level == pytest.approx([0.474267, 0.740441, 0.880148], abs=1e-6)
    waited = mean_wait(5, [6, 7, 8], handle_time_seconds=180)
    assert waited == pytest.approx([105.753, 29.1735, 10.036], abs=1e-3)


def test_erlang_a_has_its_published_values():
    waiting, abandoned = erlang_a(5, [6, 7], handle_time_seconds=180, patience_seconds=120)

    assert waiting == pytest.approx([0.355834, 0.222116], abs=1e-6)
    assert abandoned == pytest.approx([0.112336, 0.060388], abs=1e-6)


def test_without_load_nobody_waits_and_without_servers_everybody_does():
    assert erlang_c([0, 0, 3], [0, 2, 0]).tolist() == [0, 0, 1]
    assert service_level([0, 3, 3], [0, 0, 3], handle_time_seconds=60, target_wait_seconds=9).tolist() == [
        1,
        0,
        0,
    ]
    assert mean_wait([0, 3], [0, 3], handle_time_seconds=60).tolist()[0] == 0
    assert np.isnan(mean_wait(3, 3, handle_time_seconds=60))
    assert occupancy([3, 8], [4, 4]).tolist() == [0.75, 1.0]
    assert np.isnan(occupancy(0, 0))
    for share in erlang_a([3, 0], [0, 0], handle_time_seconds=60, patience_seconds=60):
        assert share.tolist()[0] == 1


@settings(max_examples=30)
@given(LOADS, SERVERS)
def test_blocking_is_that_of_the_recursion(load, servers):
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)

    assert erlang_b(load, servers) == pytest.approx(blocked, rel=1e-9)


@settings(max_examples=25)
@given(LOADS, st.integers(1, 40), st.floats(0.05, 20))
def test_erlang_a_is_the_birth_and_death_written_out(load, servers, patience):
    # Handle time 1: with k in the house min(k, N) + max(k - N, 0) / patience leave.
    states = np.arange(1, 4_000)
    leaving = np.minimum(states, servers) + np.maximum(states - servers, 0) / patience
    logs = np.concatenate([[0.0], np.cumsum(np.log(load / leaving))])
    likely = np.exp(logs - logs.max())
    likely /= likely.sum()
    queue = np.maximum(np.arange(4_000) - servers, 0)
    waiting, abandoned = erlang_a(load, servers, handle_time_seconds=1, patience_seconds=patience)

    assert waiting == pytest.approx(likely[servers:].sum(), abs=1e-9)
    assert abandoned == pytest.approx((queue * likely).sum() / patience / load, abs=1e-9)


@settings(max_examples=30)
@given(st.floats(0.05, 30), st.integers(1, 40), st.floats(0, 5))
def test_with_endless_patience_erlang_a_is_erlang_c(load, servers, target):
    asked = {"handle_time_seconds": 1.0, "target_wait_seconds": target}
    # Closer to the servers the queue is so long that some give up after all.
    servers = max(servers, int(1.1 * load) + 1)

    assert patient_service_level(load, servers, patience_seconds=1e7, **asked) == pytest.approx(
        service_level(load, servers, **asked), abs=1e-4
    )


@settings(max_examples=40)
@given(LOADS, st.integers(1, 5), st.sampled_from([0.5, 0.8, 0.95]), st.sampled_from([None, 0.3, 4.0]))
def test_fewest_is_enough_and_one_agent_less_is_not(load, step, level, patience):
    asked = {"handle_time_seconds": 1.0, "target_wait_seconds": 0.2}
    found = float(fewest_servers(load, level=level, step=step, patience_seconds=patience, **asked))
    both = [found, found - step]
    if patience is None:
        enough, less = service_level(load, both, **asked)
    else:
        enough, less = patient_service_level(load, both, patience_seconds=patience, **asked)

    assert found % step == 0
    assert enough >= level > less


def test_fewest_of_the_published_case_and_of_none():
    found = fewest_servers([5, 0, 1e-9, 1e6], handle_time_seconds=180, target_wait_seconds=20, level=0.8)

    assert found[:3].tolist() == [8, 0, 1]
    assert 1e6 < found[3] < 1e6 + 1_000


@pytest.mark.parametrize(("load", "servers", "target"), [(5.0, 7, 20), (2.4, 4, 60), (9.0, 12, 30)])
def test_service_level_is_that_of_a_simulation(load, servers, target):
    random, handle, size = np.random.default_rng(7), 180.0, 60_000
    arrivals = np.cumsum(random.exponential(handle / load, size))
    waited = waits(arrivals.tolist(), random.exponential(handle, size).tolist(), servers)
    level = service_level(load, servers, handle_time_seconds=handle, target_wait_seconds=target)

    assert level == pytest.approx((waited <= target).mean(), abs=0.02)


def test_patient_service_level_is_that_of_a_simulation():
    random, handle, patience, target = np.random.default_rng(8), 180.0, 120.0, 20.0
    free, met, size = [0.0] * 5, 0, 40_000
    came = 0.0
    for _ in range(size):
        came += random.exponential(handle / 5)
        begins = max(came, min(free))
        # Whoever would wait longer than they are patient leaves, and takes nobody's time.
        if begins - came <= random.exponential(patience):
            free[free.index(min(free))] = begins + random.exponential(handle)
            met += begins - came <= target
    level = patient_service_level(
        5, 5, handle_time_seconds=handle, patience_seconds=patience, target_wait_seconds=target
    )

    assert level == pytest.approx(met / size, abs=0.02)

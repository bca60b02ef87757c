import pytest
from small_world import MARCH, aware, counted, memory, number, requests, samples

from analytics_lib.metrics import CATALOG, measure

D = "2026-03-02 "


def asked(**columns):
    name, values = next(iter(columns.items()))
    return memory(api_requests=requests(*({"at": D + "10:00", name: one} for one in values)))


def queue(*told):
    """``(time of day, depth)``, read from the infrastructure."""
    return memory(samples=samples(*({"at": D + at, "value": value} for at, value in told)))


def test_error_rate_is_status_500_and_above():
    store = asked(status_code=[200, 302, 404, 499, 500, 503, 599, 201])
    assert counted(store, "error_rate") == (3, 8, 0.375)
    assert counted(store, "client_error_rate") == (2, 8, 0.25)
    assert counted(store, "requests")[2] == 8


def test_error_rate_without_errors_is_zero():
    assert counted(asked(status_code=[200, 404]), "error_rate") == (0, 2, 0)


def test_error_rate_without_requests_is_null():
    store = memory(api_requests=requests({"at": D + "10:00"}, {"at": "2026-03-04 10:00"}))
    quiet = measure(store, CATALOG["error_rate"], period="day", **MARCH).iloc[1]
    assert (quiet["numerator"], quiet["denominator"], str(quiet["value"])) == (0, 0, "nan")


def test_requests_are_no_users_and_have_wilsons_limits():
    row = number(asked(status_code=[500] * 8 + [200] * 2), "error_rate")
    assert (row["low"], row["high"]) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_p95_lies_between_order_statistics():
    assert counted(asked(duration_ms=[100, 200, 3000]), "latency_p95")[1:] == (3, pytest.approx(2720))


def test_median_latency_is_the_middle_one():
    assert counted(asked(duration_ms=[3000, 100, 200, None]), "latency_p50")[1:] == (3, 200)


def test_p99_of_one_to_a_hundred():
    # Type 7: 1 + 0.99 · 99 = 99.01.
    assert counted(asked(duration_ms=list(range(1, 101))), "latency_p99")[1:] == (100, pytest.approx(99.01))


def test_latency_where_none_was_measured_is_null():
    row = number(asked(duration_ms=[None, None]), "latency_p95")
    assert (row["denominator"], str(row["value"])) == (0, "nan")


def test_latency_of_a_billion_milliseconds_is_kept():
    assert counted(asked(duration_ms=[1e9]), "latency_p95")[2] == 1e9


@pytest.mark.parametrize(("requests_made", "few"), [(19, True), (20, False)])
def test_percentiles_of_less_than_20_are_flagged(requests_made, few):
    assert number(asked(duration_ms=[5] * requests_made), "latency_p95")["few"] == few


def test_median_has_the_limits_of_its_order_statistics():
    # Tables of the binomial give the 40th and the 61st of 100 values as 95 % limits of the median.
    row = number(asked(duration_ms=list(range(1, 101))), "latency_p50")
    assert (row["value"], row["low"], row["high"]) == (50.5, 40, 61)


def test_latency_can_be_told_apart_by_endpoint():
    rows = (
        {"at": D + "10:00", "endpoint": one, "duration_ms": ms}
        for one, ms in (("/a", 1), ("/a", 3), ("/b", 9))
    )
    frame = measure(memory(api_requests=requests(*rows)), CATALOG["latency_p50"], by="endpoint", **MARCH)
    assert frame[["endpoint", "denominator", "value"]].to_numpy().tolist() == [["/a", 2, 2], ["/b", 1, 9]]


def test_queue_depth_is_the_mean_of_its_samples():
    rows = [{"at": f"{D}10:0{i}", "value": value} for i, value in enumerate((2, 4, None))]
    other = {"at": D + "10:00", "metric": "workers", "value": 99}
    assert counted(memory(samples=samples(*rows, other)), "queue_depth") == (6, 2, 3)


def growth(*told):
    until = aware(D + "10:05")
    return number(queue(*told), "queue_growth_per_minute", since=MARCH["since"], until=until)["value"]


def test_queue_that_gains_two_a_minute_grows_by_two():
    assert growth(("10:00", 1), ("10:01", 3), ("10:02", 5), ("10:03", 7)) == pytest.approx(2)


def test_growth_is_the_slope_of_least_squares():
    # Minutes 0, 1, 2 and depths 0, 0, 3: Σ(t - 1)·y / Σ(t - 1)² = 3 / 2.
    assert growth(("10:01", 0), ("10:02", 0), ("10:03", 3)) == pytest.approx(1.5)


def test_growth_reads_the_last_five_minutes_only():
    assert growth(("09:00", 500), ("10:01", 3), ("10:02", 2), ("10:03", 1)) == pytest.approx(-1)


def test_growth_of_two_samples_is_null():
    assert str(growth(("10:03", 1), ("10:04", 3))) == "nan"


def test_constant_queue_does_not_grow():
    assert growth(("10:01", 3), ("10:02", 3), ("10:03", 3)) == pytest.approx(0, abs=1e-9)

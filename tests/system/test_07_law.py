"""Little's law on the running server, beside what a client of our own measures."""

import time

import pytest

from load import Background, ClosedLoop, random_sleep

pytestmark = pytest.mark.alone  # rates are measured

WARM_UP, WINDOW = 2, 10


def measured(server, connections, low_ms, high_ms):
    """The server's figures of a window of steady load, and the client's of the same seconds."""
    loop = ClosedLoop(server.address, connections, random_sleep(low_ms, high_ms),
                      WARM_UP + WINDOW + 2)
    running = Background(loop.run)
    time.sleep(WARM_UP + WINDOW + 1)
    stats = server.stats(WINDOW)
    now = time.monotonic()
    running.result()
    return stats, loop.figures(now - stats["window_s"], now)


def agrees(stats, client, share=0.02):
    x, l, w = client
    law = stats["little"]
    print(f"server X={law['X']:.2f} L={law['L']:.3f} W={law['W_s']:.5f} "
          f"residual={law['residual']:.6f}; client X={x:.2f} L={l:.3f} W={w:.5f}")
    assert stats["window_s"] == pytest.approx(WINDOW, abs=1)
    assert abs(law["residual"]) / law["L"] < 0.001
    assert law["X"] == pytest.approx(x, rel=share)
    assert law["L"] == pytest.approx(l, rel=share)
    assert law["W_s"] == pytest.approx(w, rel=share)
    assert law["XW"] == pytest.approx(law["X"] * law["W_s"], rel=1e-6)


@pytest.mark.short
def test_a_saturated_server_agrees_with_its_client(server_5x8):
    stats, client = measured(server_5x8, 60, 50, 150)
    agrees(stats, client)
    assert stats["concurrency"]["total"] == pytest.approx(60, rel=0.02)
    assert stats["concurrency"]["in_service"] == pytest.approx(40, rel=0.02)
    assert stats["concurrency"]["waiting"] == pytest.approx(20, rel=0.05)
    assert stats["utilisation"] == pytest.approx(1, abs=0.02)
    assert stats["throughput_rps"] == pytest.approx(stats["arrival_rate"], rel=0.02)


def test_a_lightly_loaded_server_agrees_with_its_client(server_5x8):
    stats, client = measured(server_5x8, 10, 60, 140)
    agrees(stats, client)
    assert stats["utilisation"] == pytest.approx(0.25, rel=0.03)


def test_the_residual_is_small_without_a_steady_state_too(server_5x8):
    """The law holds for any window: here one with a burst in it, and requests in flight."""
    jobs = [Background(lambda ms=ms: server_5x8.get(f"/sleep?ms={ms}"))
            for ms in range(100, 4100, 100)]
    time.sleep(2.5)
    law = server_5x8.stats(10)["little"]
    assert law["L"] > 0 and abs(law["residual"]) / law["L"] < 0.001
    for job in jobs:
        assert job.result().status == 200
    law = server_5x8.window_with(40)["little"]
    assert abs(law["residual"]) / law["L"] < 0.001

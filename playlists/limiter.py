"""The limiter's state in Valkey, and the scripts that change it: each decision is one round trip.

All workers and pages share it, so it goes by Valkey's own clock. What it is told and what it
answers are spans, never moments: then the clocks of Valkey, Postgres and this machine may differ.

======================  ===========================================================================
pace                    calls a second that are allowed now, and how far they are used (GCRA's TAT)
pause:all, pause:GROUP  until when nobody may call; stays as "ask with one call first" when over
person:ID               one person's calls of the last 24 hours, by the hour
made, made:BATCH        calls by hour, group, person and recipe, on their way to Postgres
======================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.commands.core import Script

from spotsite import clock

PROBE_SECONDS = 20  # one call's deadline, and a little more
GROWTH = 0.05  # of the most, added for each minute in which calls went well
_SLICE = 8  # calls that must be free before who was put off comes again
_KEPT_HOURS = 25

# A moved clock (spotsite.clock, demos only) ends pauses and days; the spacing of calls is real.
_CLOCKS = """
local time = redis.call('TIME')
local real = time[1] * 1000 + time[2] / 1000
local ours = real + tonumber(ARGV[1])
local function exact(number) return string.format('%.17g', number) end
"""

_TAKE = (
    _CLOCKS
    + """
local pace, person, made = KEYS[1], KEYS[4], KEYS[5]
local cap, start, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local reserve, slice = tonumber(ARGV[5]), tonumber(ARGV[6])
local allowance, growth, call = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]

local state = redis.call('HMGET', pace, 'rate', 'tat', 'seen')
if not state[1] then return {'unknown', 0} end

local probes, wait, reason = {}, 0, ''
for i = 2, 3 do
  local pause = redis.call('HMGET', KEYS[i], 'until', 'reason', 'probe')
  if pause[1] then
    local left = math.max(pause[1] - ours, (tonumber(pause[3]) or 0) - real)
    if left > wait then wait, reason = left, pause[2] end
    probes[#probes + 1] = KEYS[i]
  end
end
if wait > 0 then return {reason, math.ceil(wait)} end

local hour = math.floor(ours / 3600000)
if allowance > 0 then
  local used, hours, counts = 0, {}, redis.call('HGETALL', person)
  for i = 1, #counts, 2 do
    local at, count = tonumber(counts[i]), tonumber(counts[i + 1])
    if at > hour - 24 then
      used = used + count
      hours[#hours + 1] = {at, count}
    end
  end
  table.sort(hours, function(a, b) return a[1] < b[1] end)
  if used >= allowance then
    for _, one in ipairs(hours) do
      used = used - one[2]
      if used < allowance then
        return {'allowance', math.ceil((one[1] + 24) * 3600000 - ours)}
      end
    end
  end
end

-- Only minutes in which somebody called show that the rate is bearable.
local minutes = math.min(1, math.max(0, real - state[3]) / 60000)
local rate = math.min(cap, state[1] + cap * growth * minutes)
local each = 1000 / rate
-- What is used counts in calls, whatever the rate has become since.
local used = math.max(0, state[2] - real) * state[1] / rate
local room = math.max(1, math.max(1, most * math.min(1, rate / start)) * (1 - reserve)) * each
if used + each > room + 0.001 then
  local calls = math.max(1, math.min(slice, math.floor(room / each)))
  return {'pace', math.ceil(used + calls * each - room)}
end
redis.call('HSET', pace, 'rate', exact(rate), 'tat', exact(real + used + each), 'seen', exact(real))
redis.call('HINCRBY', made, hour .. call, 1)
redis.call('HINCRBY', person, hour, 1)
redis.call('EXPIRE', person, 25 * 3600)
for _, key in ipairs(probes) do redis.call('HSET', key, 'probe', exact(real + 20000)) end
return {#probes > 0 and 'probe' or 'ok', 0}
"""
)

# Returns 1 where no pause of this group stood.
_CLOSE = (
    _CLOCKS
    + """
local span, reason, kept = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local before = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
if ours + span > before then
  redis.call('HSET', KEYS[1], 'until', exact(ours + span), 'reason', reason)
  redis.call('HDEL', KEYS[1], 'probe')
  redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(0, span) + kept))
end
return before <= ours and 1 or 0
"""
)

_OPEN = (
    _CLOCKS
    + """
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('HGET', key, 'until') or 0) <= ours then redis.call('DEL', key) end
end
"""
)

_SLOW = (
    _CLOCKS
    + """
local floor = tonumber(ARGV[2])
local rate = tonumber(redis.call('HGET', KEYS[1], 'rate') or floor * 2)
rate = math.max(floor, rate / 2)
redis.call('HSET', KEYS[1], 'rate', exact(rate), 'tat', exact(real), 'seen', exact(real))
return exact(rate)
"""
)

_START = (
    _CLOCKS
    + """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
return redis.call('HSET', KEYS[1], 'rate', ARGV[2], 'tat', exact(real), 'seen', exact(real))
"""
)

_SET_ASIDE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
return redis.call('SADD', KEYS[3], ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limiter says to one call: "ok", "probe", "unknown", or why it has to wait."""

    word: str
    wait: timedelta

    @property
    def granted(self) -> bool:
        return self.word in {"ok", "probe"}


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a call before it is made."""

    group: str
    person: int | None = None
    recipe: int | None = None

    @property
    def field(self) -> str:
        return f"|{self.group}|{self.person or ''}|{self.recipe or ''}"


def start_rate() -> float:
    """Return the calls a second to begin with: half of the most."""
    return float(settings.SPOTIFY_CALLS_PER_SECOND) / 2


def take(call: Call, *, reserve: float, slice_of: int = _SLICE, allowance: int = 0) -> Verdict:
    """Ask for one call, leaving ``reserve`` (a share of the burst) to others; 0 is no allowance."""
    keys = [
        key("pace"),
        key("pause:all"),
        key(f"pause:{call.group}"),
        key(f"person:{call.person or 0}"),
        key("made"),
    ]
    limits = (settings.SPOTIFY_CALLS_PER_SECOND, start_rate(), settings.SPOTIFY_BURST)
    arguments = [_ahead(), *limits, reserve, slice_of, allowance, GROWTH, call.field]
    word, wait = _run(_TAKE, keys, arguments)
    return Verdict(str(word), timedelta(milliseconds=wait))


def close(group: str, *, span: timedelta, reason: str) -> bool:
    """Let nobody call for so long, or longer where a pause stands; say whether none stood."""
    kept = timedelta(days=1)  # so long it is asked with one call first
    arguments = [_ahead(), _milliseconds(span), reason, _milliseconds(kept)]
    return bool(_run(_CLOSE, [key(f"pause:{group}")], arguments))


def reopen(*groups: str) -> None:
    """Let everybody call again where a pause is over: the one call that asked went well."""
    _run(_OPEN, [key(f"pause:{group}") for group in groups], [_ahead()])


def lift(group: str) -> None:
    """End a pause before its time; the next call asks alone."""
    if _client().hexists(key(f"pause:{group}"), "until"):
        _client().hset(key(f"pause:{group}"), "until", 0)


def slow_down() -> float:
    """Halve the rate, but never below a sixteenth of the start; return what it is now."""
    return float(_run(_SLOW, [key("pace")], [_ahead(), start_rate() / 16]))


def rate() -> float | None:
    """Return the calls a second that are allowed now, None where Valkey knows nothing."""
    value = _client().hget(key("pace"), "rate")
    return None if value is None else float(value)


def start(rate: float) -> None:
    """Begin with this rate, where none is known."""
    _run(_START, [key("pace")], [_ahead(), rate])


def remember(person: int, counts: Mapping[int, int]) -> None:
    """Put a person's calls of the last hours back, by the hour since 1970."""
    _client().hset(key(f"person:{person}"), mapping={str(at): n for at, n in counts.items()})
    _client().expire(key(f"person:{person}"), timedelta(hours=_KEPT_HOURS))


def spent(person: int) -> dict[int, int]:
    """Return a person's calls by the hour since 1970."""
    counts = _client().hgetall(key(f"person:{person}"))
    return {int(at): int(count) for at, count in counts.items()}


def set_aside(batch: str) -> None:
    """Give the calls that were counted a name of their own; later ones are counted anew."""
    _run(_SET_ASIDE, [key("made"), key(f"made:{batch}"), key("batches")], [batch])


def batches() -> list[str]:
    """Return the names of what was set aside and not dropped yet."""
    return sorted(str(name) for name in _client().smembers(key("batches")))


def batch(name: str) -> dict[str, int]:
    """Return the counts of a batch, by hour, group, person and recipe."""
    counts = _client().hgetall(key(f"made:{name}"))
    return {str(field): int(count) for field, count in counts.items()}


def drop(name: str) -> None:
    """Forget a batch: Postgres has it."""
    _client().delete(key(f"made:{name}"))
    _client().srem(key("batches"), name)


def key(name: str) -> str:
    return f"spotsite:{{calls}}:{name}"  # the braces keep all keys on one node of a cluster


def _ahead() -> float:
    return _milliseconds(clock.offset()) if settings.DEMO else 0.0


def _milliseconds(span: timedelta) -> float:
    return span / timedelta(milliseconds=1)


def _run(script: str, keys: list[str], arguments: list[Any]) -> Any:
    return _script(script)(keys=keys, args=arguments)


@cache
def _script(text: str) -> Script:
    return _client().register_script(text)


@cache
def _client() -> redis.Redis:
    """Return this process's client; its pool makes new connections after a fork by itself."""
    return redis.Redis.from_url(
        settings.REDIS_URL, decode_responses=True, **settings.VALKEY_TIMEOUTS
    )

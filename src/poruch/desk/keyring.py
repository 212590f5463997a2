"""The circle keys that an officer was given: kept in his store, each under circle, epoch and recipient."""

from poruch.crypto import age
from poruch.errors import NotAllowed
from poruch.events.codec import decode, encode
from poruch.events.council import CircleHandedOn
from poruch.events.kinds import CircleKeyed
from poruch.journal.circles import CircleKey, CircleSecret, OlderKeys, key_of, take_handout
from poruch.journal.public import PublicState
from poruch.journal.store import Store

KeyName = tuple[str, int, str]  # circle, epoch, `age1pq` recipient


def name_of(key: CircleKey) -> KeyName:
    """What tells circle keys apart: two officers may have made one of the same epoch."""
    return key.circle, key.epoch, key.pq.recipient.text


def _kept_as(key: CircleKey) -> str:
    return "circle/" + "/".join(map(str, name_of(key)))


class KeyRing:
    """One officer's circle keys. `identity` is what handouts to him are sealed to."""

    def __init__(self, store: Store, identity: age.PqIdentity) -> None:
        """Take up what the store holds."""
        self._store, self._identity = store, identity
        kept = [key_of(decode(raw, CircleSecret)) for raw in store.secrets("circle/")]
        self.keys: dict[KeyName, CircleKey] = {name_of(key): key for key in kept}
        self._handed: set[CircleHandedOn] = set()

    def of(self, circle: str, public: PublicState) -> list[CircleKey]:
        """The keys of a circle: the one in force first, then newer before older. `NotAllowed` where there is none."""
        now = public.circles.get(circle)
        in_force = now.pq.text if now else ""
        held = [key for (name, _, _), key in self.keys.items() if name == circle]
        if not held:
            raise NotAllowed(circle)
        return sorted(held, key=lambda key: (key.pq.recipient.text != in_force, -key.epoch))

    def in_force(self, public: PublicState) -> dict[str, CircleKey]:
        """For each circle of this officer the key in force, or the newest he has."""
        return {circle: self.of(circle, public)[0] for circle in {name[0] for name in self.keys}}

    def secret_of(self, key: CircleKey) -> CircleSecret:
        """The secret that a key was made from."""
        raw = self._store.secret(_kept_as(key))
        if raw is None:
            raise NotAllowed(key.circle)
        return decode(raw, CircleSecret)

    def take(self, event: CircleKeyed, public: PublicState) -> None:
        """Take one's handout: only of a key that all seal to, for another would hide what is sealed to that."""
        if (event.circle, event.epoch, event.pq) in self.keys or not public.has_keyed(event):
            return
        secret = take_handout(event, self._identity)
        if secret is not None:
            self._keep(secret)

    def take_history(self, event: CircleHandedOn, public: PublicState) -> None:
        """Take older keys that k let this officer have, once: such as were in force. `CannotOpen`, `Malformed`."""
        if event in self._handed:
            return
        self._handed.add(event)
        for secret in decode(age.open_file(event.file, [self._identity]), OlderKeys).secrets:
            if secret.circle == event.circle and public.was_in_force(key_of(secret).recipients):
                self._keep(secret)

    def _keep(self, secret: CircleSecret) -> None:
        key = key_of(secret)
        self._store.keep_secret(_kept_as(key), encode(secret))
        self.keys[name_of(key)] = key

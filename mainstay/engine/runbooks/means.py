"""What steps may do with Mainstay's own things. What a step asks for is written down together with the asking, so that
it is asked for once however often its process dies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from mainstay.backups import actions as backups
from mainstay.backups import queries as copies
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import ENGINE
from mainstay.domain.restoring import Refused as RestoreRefused
from mainstay.domain.saying import say, words_of
from mainstay.drivers.steps import StepFailed
from mainstay.engine import restoring
from mainstay.engine.runbooks.filling import Sheet
from mainstay.monitoring import actions as monitoring
from mainstay.monitoring.models import RunRequest
from mainstay.monitoring.queries import look_result
from mainstay.notices.actions.announcing import announce
from mainstay.runbooks.actions.driving import Begun, note_memo


@dataclass(slots=True)
class OwnMeans:
    """For one step."""

    begun: Begun
    sheet: Sheet

    @property
    def _memo(self) -> Mapping[str, Any]:
        memo: Mapping[str, Any] = self.begun.step.memo
        return memo

    def _remember(self, **memo: Any) -> None:
        note_memo(self.begun, memo)
        self.begun.step.memo = {**self.begun.step.memo, **memo}

    def look(self, check: str) -> Mapping[str, Any] | None:
        """A look of after the asking; None: not yet."""
        path = self.sheet.path(self.begun.node, "check", check)
        try:
            row = catalogue.check(path)
        except ObjectDoesNotExist:
            raise StepFailed(say("there is no check %(name)s", name=path), retry=False) from None
        asked = int(self._memo.get("look", 0))
        if not RunRequest.objects.filter(pk=asked).exists():
            with transaction.atomic():
                self._remember(look=monitoring.request_run(row, actor=ENGINE).pk)
            return None
        state = look_result(row, asked, datetime.now(UTC))
        if not state:
            return None
        with transaction.atomic():
            self._remember(look=0)
        return {"state": state}

    def backup(self, policy: str, act: str) -> Mapping[str, Any] | None:
        """A job by a policy, and how it stands."""
        path = self.sheet.path(self.begun.node, "policy", policy)
        if "job" not in self._memo:
            try:
                with transaction.atomic():
                    job = (
                        backups.ask_for_proof(path, actor=ENGINE) if act == "prove" else backups.ask(path, actor=ENGINE)
                    )
                    self._remember(job=job.pk)
            except ObjectDoesNotExist:
                raise StepFailed(say("there is no backup policy %(name)s", name=path), retry=False) from None
            except backups.Refused as error:
                raise StepFailed(words_of(error)) from None
            return None
        job = copies.job(int(self._memo["job"]))
        proof = copies.proofs().filter(job=job).first()
        made = job.policy.copies.filter(made_at__gte=job.tick).order_by("-pk").first() if act == "backup" else job.copy
        return {
            "state": job.state, "job": job.pk, "copy": made.pk if made else None,
            "detail": str(job.problem.get("detail", "")), "verdict": proof.verdict if proof else "",
        }  # fmt: skip

    def restore(self, policy: str, to: str, target: str, reason: str) -> Mapping[str, Any] | None:
        """The newest copy to a new place."""
        path = self.sheet.path(self.begun.node, "policy", policy)
        if "restore" not in self._memo:
            try:
                with transaction.atomic():
                    made = restoring.ask(path, None, to, target, reason=reason, actor=ENGINE)
                    self._remember(restore=made.pk)
            except ObjectDoesNotExist:
                raise StepFailed(say("there is no backup policy %(name)s", name=path), retry=False) from None
            except (RestoreRefused, backups.Refused) as error:
                raise StepFailed(words_of(error), retry=False) from None
            return None
        row = copies.restore(int(self._memo["restore"]))
        return {"state": row.state, "restore": row.pk, "copy": row.copy_id}

    def notify(self, words: str, channels: Sequence[str]) -> int:
        """One notice, written down once; how many are told."""
        if "told" in self._memo:
            return int(self._memo["told"])
        system = self.sheet.run.system
        only = list(channels) or (list(system.document.get("notify") or ()) if system else [])
        data = {"title": words.partition("\n")[0], "text": words, "run": self.sheet.run.pk}
        with transaction.atomic():
            notice = announce(
                None, "runbook", datetime.now(UTC), data, level=2, system=system.name if system else "", only=only
            )
            told = notice.deliveries.count()
            self._remember(told=told)
        return told

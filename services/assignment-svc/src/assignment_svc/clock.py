"""Which timer is whose: the table of everything that happens because a time came."""

from assignment_svc.callbacks.fall_due import fall_due
from assignment_svc.erasure.erase_leads import look_again
from assignment_svc.handing_out.hand_out import hand_out
from assignment_svc.leads.receive_leads import settle_partners
from assignment_svc.offers.confirm import lapse
from assignment_svc.presence.go_offline import go_offline
from assignment_svc.queue.claims.store import Limits
from assignment_svc.reference.people import sweep_again
from assignment_svc.speed.watch import watch
from assignment_svc.steps import by_time
from assignment_svc.target_group import look_again as target_group
from assignment_svc.timers.fire import Clock


def clock_of(limits: Limits) -> Clock:
    return Clock(
        {
            "cooled": by_time.cool,
            "expiry": by_time.end,
            "idle-claim": by_time.follow_claims,
            "callback": fall_due,
            "offer": lapse,
            "offline": go_offline(limits.offline_after),
            "rule": hand_out(limits),
            "speed": watch,
            "sweep": sweep_again,
            "facts": look_again,
            "partner": settle_partners,
            "target-group": target_group.look_again,
        }
    )

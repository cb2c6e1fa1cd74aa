"""Which customer an identity is, by proof: linked, merged with that customer's other identities, undone by staff.

Owns ``Identity.customer_id`` and the ``IdentityLink`` rows. An identity is never guessed: whoever calls has checked
the proof. Merging moves nothing, so that both histories stay and undoing is simple. Knows no channel.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from crm.contacts import normalise_email, normalise_phone
from crm.errors import InvalidValue, NotFound
from crm.models import AuditEntry, ContactChange, Conversation, Customer, Identity, IdentityLink, LinkProof, Ticket

ProvenContact = Literal["phone", "email"]


def link(session: Session, identity: Identity, customer: Customer, proof: LinkProof, now: datetime) -> bool:
    """Makes the identity the customer's; True when it is now, or was before.

    False, and nothing changes, when it is somebody else's, or when staff have undone a link of these two by the same
    kind of proof: what staff decided, only other proof or staff themselves decide anew.
    """
    session.flush()
    session.refresh(identity, with_for_update=True)  # held against a second proof at the same time (no-op on SQLite)
    if identity.customer_id is not None:
        return identity.customer_id == customer.id
    if proof != "staff" and _undone(session, identity, customer, proof):
        return False
    identity.customer_id = customer.id
    session.add(IdentityLink(identity_id=identity.id, customer_id=customer.id, proof=proof, at=now))
    for conversation in session.scalars(
        select(Conversation).where(Conversation.identity_id == identity.id, Conversation.closed_at.is_(None))
    ):
        conversation.customer_id = customer.id  # as in matching: the latest proof counts
    session.flush()
    return True


def prove(session: Session, identity: Identity, kind: ProvenContact, value: str, now: datetime) -> Customer | None:
    """Links the identity to the one customer who has this contact, which the channel vouches for.

    None, and nothing changes, when no customer or several have it, when somebody gave it in a chat (nobody has checked
    whose it is), or when ``link`` refuses.
    """
    customer = _only_customer(session, kind, value)
    if customer is None or _given_in_chat(session, customer, kind) or not link(session, identity, customer, kind, now):
        return None
    return customer


def unlink(session: Session, identity_id: int, staff_id: int, now: datetime) -> None:
    """Undoes the identity's link. Raises NotFound when there is none.

    Its conversations since then, and the tickets opened in them, forget the customer, too. Some may have known them
    by other proof; asking again costs a question, keeping a wrong one shows a stranger what is not theirs.
    """
    current = session.scalar(
        select(IdentityLink)
        .where(IdentityLink.identity_id == identity_id, IdentityLink.undone_at.is_(None))
        .with_for_update()
    )
    if current is None:
        raise NotFound(f"identity {identity_id} is linked to no customer")
    current.undone_at, current.undone_by = now, staff_id
    session.get_one(Identity, identity_id).customer_id = None
    since = select(Conversation.id).where(
        Conversation.identity_id == identity_id,
        or_(Conversation.closed_at.is_(None), Conversation.closed_at >= current.at),
    )
    for table, theirs in ((Ticket, Ticket.conversation_id.in_(since)), (Conversation, Conversation.id.in_(since))):
        session.execute(
            update(table)
            .where(theirs, table.customer_id == current.customer_id)
            .values(customer_id=None)
            .execution_options(synchronize_session="fetch")
        )
    session.add(AuditEntry(staff_id=staff_id, action="identity.unlink", target=f"identity:{identity_id}"))
    session.flush()


def merged(session: Session, customer_id: int) -> list[Identity]:
    """All identities that are this customer's, oldest first."""
    return list(
        session.scalars(
            select(Identity).where(Identity.customer_id == customer_id).order_by(Identity.created_at, Identity.id)
        )
    )


def _undone(session: Session, identity: Identity, customer: Customer, proof: LinkProof) -> bool:
    undone = select(IdentityLink.id).where(
        IdentityLink.identity_id == identity.id,
        IdentityLink.customer_id == customer.id,
        IdentityLink.proof == proof,
        IdentityLink.undone_at.is_not(None),
    )
    return session.scalar(undone.limit(1)) is not None


def _given_in_chat(session: Session, customer: Customer, kind: ProvenContact) -> bool:
    given = select(ContactChange.id).where(
        ContactChange.customer_id == customer.id,
        ContactChange.field == kind,
        ContactChange.new == getattr(customer, kind),
    )
    return session.scalar(given.limit(1)) is not None


def _only_customer(session: Session, kind: ProvenContact, value: str) -> Customer | None:
    try:
        if kind == "phone":
            has_it = Customer.phone == normalise_phone(value)
        else:  # letter case is ignored, as crm/contacts.py does
            has_it = func.lower(Customer.email) == func.lower(normalise_email(value))
    except InvalidValue:
        return None
    found = session.scalars(select(Customer).where(has_it).limit(2)).all()
    return found[0] if len(found) == 1 else None

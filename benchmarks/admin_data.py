"""A large installation for the lists of the admin, written straight into a new database by SQL.

100,000 messages with two deliveries each, 300,000 events, 10,000 handoffs of a hundred agents and 2,000 topics with ten peers
each, one of them with 20,000 posts, spread over 60 days.
"""

from django.db import connection, transaction

__all__ = ["fill"]

MESSAGES, EVENTS, HANDOFFS, AGENTS = 100_000, 300_000, 10_000, 100
TOPICS, PEERS, POSTS = 2_000, 20_000, 20_000
STEPS = max(MESSAGES, EVENTS)
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {STEPS})"
DAYS = 60

WORKSPACE = "(SELECT id FROM bus_workspace WHERE public_id = 'wsp_bench')"


def _at(of: int) -> str:
    """Return SQL for the time of row `i`, the last of `of` rows now."""
    seconds = f"-(({of} - i) * {DAYS * 86_400}.0 / {of})"
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds')"


def _agent(shift: int) -> str:
    return f"((i + {shift}) % {AGENTS} + 1000)"


# Each message is three events: sent, leased and read by its recipient; every tenth stays unread.
RECIPIENT = f"'agent-' || (i / 3 % {AGENTS} + 1)"
EVENT_TYPE = (
    "CASE WHEN i % 3 = 0 THEN 'message.created' WHEN i / 3 % 10 = 0 THEN 'presence.changed'"
    " WHEN i % 3 = 1 THEN 'delivery.leased' ELSE 'delivery.read' END"
)
PAYLOAD = (
    f"CASE WHEN i % 3 = 0 THEN json_object('kind', 'direct', 'priority', 5, 'to', json_array({RECIPIENT}))"
    " WHEN i / 3 % 10 = 0 THEN json_object('presence', 'present') ELSE json_object('attempt', 1) END"
)

STATEMENTS = (
    "INSERT INTO bus_workspace (public_id, path, alias, git_remote, created_at)"
    " VALUES ('wsp_bench', '/srv/bench', 'bench', '', datetime('now'))",
    f"{NUMBERS} INSERT INTO bus_agent (id, name, kind, harness, role, description, wakes_by, wakes, presence, created_at, home_id)"
    f" SELECT i + 999, 'agent-' || i, 'agent', 'codex', 'builder', '', 'poll', '[]', 'present', {_at(AGENTS)}, {WORKSPACE}"
    f" FROM n LIMIT {AGENTS}",
    f"{NUMBERS} INSERT INTO bus_membership (agent_id, workspace_id, joined_at)"
    f" SELECT i + 999, {WORKSPACE}, {_at(AGENTS)} FROM n LIMIT {AGENTS}",
    f'{NUMBERS} INSERT INTO bus_message (id, public_id, workspace_id, kind, sender_id, "to", subject, body, priority,'
    f' metadata, "references", handoff, sent_at)'
    f" SELECT i, 'msg_' || i, {WORKSPACE}, CASE i % 4 WHEN 0 THEN 'broadcast' ELSE 'direct' END, {_agent(0)},"
    f" '[\"agent-1\"]', 'Message number ' || i || ' about the build', hex(randomblob(200)), 5, '{{}}', '[]', '',"
    f" {_at(MESSAGES)} FROM n LIMIT {MESSAGES}",
    *(
        f"{NUMBERS} INSERT INTO bus_delivery (message_id, recipient_id, workspace_id, lane, priority, attempt,"
        f" ended_at, reason)"
        f" SELECT i, {_agent(shift)}, {WORKSPACE}, CASE i % 10 WHEN 0 THEN 'unread' WHEN 1 THEN 'parked' ELSE 'read' END,"
        f" 5, 1, CASE i % 10 WHEN 0 THEN NULL ELSE {_at(MESSAGES)} END, '' FROM n LIMIT {MESSAGES}"
        for shift in (1, 2)
    ),
    f"{NUMBERS} INSERT INTO bus_event (workspace_id, seq, hash, type, at, actor_id, origin, person, fleet, surface,"
    f" address, message, agent, public, payload)"
    f" SELECT {WORKSPACE}, i, randomblob(32), {EVENT_TYPE}, {_at(EVENTS)}, {_agent(0)}, 'agent', '', '', 'mcp',"
    f" '127.0.0.1', 'msg_' || (i / 3 + 1), CASE i % 3 WHEN 0 THEN '' ELSE {RECIPIENT} END, 0, {PAYLOAD}"
    f" FROM n LIMIT {EVENTS}",
    f'{NUMBERS} INSERT INTO handoffs_handoff (public_id, workspace_id, creator_id, title, body, priority, "to", pool,'
    f" fallback, visibility, lease_seconds, max_attempts, acceptance_criteria, paths, state, epoch, attempts, note,"
    f" feedback, reason, created_at, closed_at)"
    f" SELECT 'hnd_' || i, {WORKSPACE}, {_agent(0)}, 'Handoff number ' || i, hex(randomblob(200)), 5,"
    f" '\"broadcast\"', '[null]', '', 'public', 300, 5, '[]', '[]', CASE i % 5 WHEN 0 THEN 'open' ELSE 'completed' END,"
    f" 0, 0, '', '', '', {_at(HANDOFFS)}, CASE i % 5 WHEN 0 THEN NULL ELSE {_at(HANDOFFS)} END"
    f" FROM n LIMIT {HANDOFFS}",
    f"{NUMBERS} INSERT INTO handoffs_pathclaim (workspace_id, glob, agent_id, handoff_id, until, reason, created_at)"
    f" SELECT {WORKSPACE}, 'src/' || i || '/**', {_agent(0)}, (SELECT id FROM handoffs_handoff WHERE public_id = 'hnd_' || i),"
    f" {_at(HANDOFFS)}, '', {_at(HANDOFFS)} FROM n LIMIT {HANDOFFS}",
    f"{NUMBERS} INSERT INTO bus_audience (subject, agent_id) SELECT 'hnd_' || i, {_agent(0)} FROM n LIMIT {HANDOFFS}",
    f"{NUMBERS} INSERT INTO bus_session (public_id, agent_id, workspace_id, surface, harness, session_ref, machine,"
    f" opened_at, last_seen_at) SELECT 'ses_' || i, {_agent(0)}, {WORKSPACE}, 'mcp', 'codex', '', 'host', {_at(5000)},"
    f" {_at(5000)} FROM n LIMIT 5000",
    f"{NUMBERS} INSERT INTO bus_storedanswer (agent_id, key, digest, answer, created_at)"
    f" SELECT {_agent(0)}, 'key-' || i, randomblob(32), '{{}}', {_at(50_000)} FROM n LIMIT 50000",
    f"{NUMBERS} INSERT INTO bus_topic (id, public_id, workspace_id, name, metadata, created_by_id, created_at, latest_seq,"
    f" active_at, close_reason) SELECT i, 'top_' || i, {WORKSPACE}, 'topic number ' || i, '{{}}', {_agent(0)}, {_at(TOPICS)},"
    f" CASE i WHEN 1 THEN {POSTS} ELSE 0 END, {_at(TOPICS)}, '' FROM n LIMIT {TOPICS}",
    f"{NUMBERS} INSERT INTO bus_peer (id, topic_id, agent_id, name, holder, token_hash, seq, moved_at, seen_at, joined_at)"
    f" SELECT i, i % {TOPICS} + 1, {_agent(0)}, 'peer-' || i, 'agent:' || i, randomblob(32), CASE i % {TOPICS} WHEN 0 THEN i ELSE 0 END,"
    f" {_at(PEERS)}, {_at(PEERS)}, {_at(PEERS)} FROM n LIMIT {PEERS}",
    f'{NUMBERS} INSERT INTO bus_message (id, public_id, workspace_id, kind, sender_id, "to", subject, body, priority,'
    f' metadata, "references", handoff, sent_at)'
    f" SELECT i + {MESSAGES}, 'msg_' || (i + {MESSAGES}), {WORKSPACE}, 'topic', {_agent(0)}, '{{\"topic\": \"top_1\"}}',"
    f" 'Post number ' || i, 'Post number ' || i || ' ' || hex(randomblob(200)), 5, '{{}}', '[]', '', {_at(POSTS)} FROM n LIMIT {POSTS}",
    f"{NUMBERS} INSERT INTO bus_post (message_id, topic_id, seq, peer_id, kind)"
    f" SELECT i + {MESSAGES}, 1, i, {TOPICS}, 'message' FROM n LIMIT {POSTS}",
    "UPDATE bus_agent SET last_seen_at = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id >= 1000",
    "ANALYZE",
)


def fill() -> None:
    """Write it all in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)

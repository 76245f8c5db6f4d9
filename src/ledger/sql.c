/* src/ledger/sql.c - the text of every statement.
 *
 * INDEXED BY is used where a wrong choice of the planner would turn a look into a walk over a
 * million rows: should the index ever not fit its query any more, preparing fails and a test sees it.
 */
#include "ledger/sql_private.h"

#define RECORD                                                                                     \
    "SELECT d.number, d.campaign, d.post, d.occurrence, a.name, d.account, d.due_us, "             \
    "d.send_by_us,"                                                                                \
    " d.span_us, d.filed_due_us, d.filed_send_by_us, d.first_seen_us, d.standby, d.wanted,"        \
    " d.released, d.content, d.parts, c.hash FROM delivery d"                                      \
    " JOIN account a ON a.number = d.account JOIN content c ON c.number = d.content WHERE "

/* As struct cp_engine_delivery has it. */
#define DELIVERY                                                                                   \
    " d.number, d.account, d.campaign, d.post, d.occurrence, d.due_us, d.send_by_us,"              \
    " d.first_seen_us, d.wanted, d.standby, d.released, d.revision "

/* Every change of a part is this compare-and-set. */
#define COMPARE " WHERE delivery = ?1 AND number = ?2 AND state = ?3 AND generation = ?4"
#define WRITTEN                                                                                    \
    " generation = ?5, key = coalesce(?6, key), absences = ?7, not_before_us = ?8, reason = ?9,"   \
    " checkpoint = coalesce(?10, checkpoint)"

#define OPEN "(state IN ('in_flight', 'verify') OR (state = 'published' AND seen_us = 0))"

static const char *const texts[CP_SQL_COUNT] = {
    [CP_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [CP_SQL_BEGIN_READ] = "BEGIN",
    [CP_SQL_COMMIT] = "COMMIT",
    [CP_SQL_ROLLBACK] = "ROLLBACK",

    [CP_SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
    [CP_SQL_META_SET] = "INSERT INTO meta (key, value) VALUES (?1, ?2)"
                        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [CP_SQL_META_DROP] = "DELETE FROM meta WHERE key = ?1",
    [CP_SQL_NEWEST] = "SELECT max(wall_us) FROM entry",

    [CP_SQL_ACCOUNT_BY_NAME] = "SELECT number, server, remote_id FROM account WHERE name = ?1",
    [CP_SQL_ACCOUNT_ADD] = "INSERT INTO account (name, adapter, server) VALUES (?1, ?2, ?3)",
    [CP_SQL_ACCOUNT_SET] =
        "UPDATE account SET adapter = ?2, server = ?3, configured = 1 WHERE number = ?1"
        " AND (adapter IS NOT ?2 OR server IS NOT ?3 OR configured = 0)",
    [CP_SQL_ACCOUNT_RENAME] = "UPDATE account SET name = ?2 WHERE number = ?1",
    [CP_SQL_ACCOUNT_IN_USE] = "SELECT 1 FROM account a WHERE a.number = ?1 AND (a.configured"
                              " OR EXISTS (SELECT 1 FROM delivery WHERE account = a.number))",
    [CP_SQL_ACCOUNT_LEAVE_ALL] = "UPDATE account SET configured = 0 WHERE configured",
    [CP_SQL_ACCOUNTS] = "SELECT number, name, adapter, server, remote_id, facts, read_us,"
                        " configured FROM account ORDER BY number",
    [CP_SQL_ACCOUNT_READ] = "SELECT name, server, remote_id, facts FROM account WHERE number = ?1",
    [CP_SQL_ACCOUNT_TWIN] = "SELECT name FROM account WHERE server IS ?1 AND remote_id = ?2"
                            " AND number <> ?3 LIMIT 1",
    [CP_SQL_ACCOUNT_BIND] = "UPDATE account SET remote_id = coalesce(?2, remote_id),"
                            " facts = coalesce(?3, facts), read_us = ?4 WHERE number = ?1",
    [CP_SQL_RECENT] = "SELECT published_plan_us FROM part INDEXED BY part_published"
                      " WHERE account = ?1 AND published_plan_us >= ?2 AND published_plan_us <> 0"
                      " ORDER BY published_plan_us",

    [CP_SQL_BOUND_COUNT] = "SELECT count(*) FROM part INDEXED BY part_remote WHERE account = ?1"
                           " AND remote_id IS NOT NULL",

    [CP_SQL_CONTENT_FIND] = "SELECT number FROM content WHERE hash = ?1",
    [CP_SQL_CONTENT_ADD] = "INSERT INTO content (hash, json) VALUES (?1, ?2)",
    [CP_SQL_CONTENT_JSON] = "SELECT json FROM content WHERE number = ?1",

    [CP_SQL_DELIVERY_BY_ROW] = RECORD "d.number = ?1",
    [CP_SQL_DELIVERY_BY_ID] = RECORD "d.id = ?1",
    [CP_SQL_DELIVERY_ADD] =
        "INSERT INTO delivery (id, born, campaign, post, occurrence, account, due_us, send_by_us,"
        " span_us, filed_due_us, filed_send_by_us, first_seen_us, standby, wanted, released,"
        " content, parts, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
        " ?13, ?14, ?15, ?16, ?17, 1)",
    [CP_SQL_DELIVERY_SET] =
        "UPDATE delivery SET campaign = ?3, post = ?4, occurrence = ?5, due_us = ?7,"
        " send_by_us = ?8, span_us = ?9, filed_due_us = ?10, filed_send_by_us = ?11,"
        " first_seen_us = ?12, standby = ?13, wanted = ?14, released = ?15, content = ?16,"
        " parts = ?17, revision = revision + 1 WHERE number = ?1",
    [CP_SQL_DELIVERY_CANCEL] =
        "UPDATE delivery SET wanted = 0, revision = revision + 1 WHERE number = ?1 AND wanted"
        " AND EXISTS (SELECT 1 FROM part WHERE delivery = ?1"
        "  AND state NOT IN ('published', 'cancelled'))",

    [CP_SQL_PART_ADD] =
        "INSERT INTO part (delivery, number, kind, account, state, generation, absences, tries,"
        " key, go_us, not_before_us, attempt_us, published_us, published_plan_us, seen_us,"
        " text_hash, checkpoint) VALUES (?1, ?2, 'post', ?3, 'planned', 1, 0, 0, ?4, ?5, 0, 0, 0,"
        " 0, 0, ?6, '{}')",
    [CP_SQL_PART_CONTENT] =
        "UPDATE part SET text_hash = ?3, checkpoint = '{}' WHERE delivery = ?1 AND number = ?2",
    [CP_SQL_PART_CUT] = "DELETE FROM part WHERE delivery = ?1 AND number > ?2",
    [CP_SQL_PART_AGAIN] = "UPDATE part SET state = 'planned', not_before_us = 0, reason = ?4"
                          " WHERE delivery = ?1 AND number = ?2 AND state = ?3",
    [CP_SQL_PART_GO] = "UPDATE part SET go_us = ?2 WHERE delivery = ?1",
    [CP_SQL_PART_STATES] =
        "SELECT number, state, generation, seen_us FROM part WHERE delivery = ?1 ORDER BY number",

    [CP_SQL_SOURCE_GET] = "SELECT campaign FROM source WHERE source = ?1",
    [CP_SQL_SOURCE_SET] = "INSERT INTO source (source, campaign) VALUES (?1, ?2)"
                          " ON CONFLICT (source) DO UPDATE SET campaign = excluded.campaign",
    [CP_SQL_SOURCES] = "SELECT source, campaign FROM source ORDER BY source",

    [CP_SQL_SNAPSHOT] =
        "SELECT d.number, d.id, d.campaign, d.post, d.occurrence, a.name, d.due_us,"
        " d.send_by_us, d.first_seen_us, d.wanted, d.released, c.hash, d.parts FROM delivery "
        "d"
        " JOIN account a ON a.number = d.account JOIN content c ON c.number = d.content"
        " ORDER BY d.number",

    [CP_SQL_DUE] = "SELECT" DELIVERY "FROM part p INDEXED BY part_due"
                   " JOIN delivery d ON d.number = p.delivery"
                   " WHERE p.state = 'planned' AND p.go_us IS NOT NULL AND p.go_us > ?1"
                   " AND p.go_us <= ?2 ORDER BY p.go_us, p.delivery",
    [CP_SQL_NEXT_DUE] = "SELECT go_us FROM part INDEXED BY part_due WHERE state = 'planned'"
                        " AND go_us IS NOT NULL AND go_us > ?1 ORDER BY go_us LIMIT 1",
    [CP_SQL_OPEN_ONES] =
        "SELECT" DELIVERY "FROM part p INDEXED BY part_open"
        " JOIN delivery d ON d.number = p.delivery WHERE " OPEN " ORDER BY p.delivery",
    [CP_SQL_LOAD] = "SELECT" DELIVERY "FROM delivery d WHERE d.number = ?1",
    [CP_SQL_PARTS] =
        "SELECT state, generation, absences, not_before_us, attempt_us, text_hash, seen_us"
        " FROM part WHERE delivery = ?1 ORDER BY number",

    [CP_SQL_WORK] =
        "SELECT d.id, d.campaign, d.post, d.occurrence, a.name, d.account, d.due_us, d.parts,"
        " c.json, p.attempt_us, p.generation, p.checkpoint, p.frozen, p.remote_id FROM delivery d"
        " JOIN part p ON p.delivery = d.number AND p.number = ?2"
        " JOIN account a ON a.number = d.account JOIN content c ON c.number = d.content"
        " WHERE d.number = ?1",
    [CP_SQL_WORK_FROZEN] =
        "SELECT p.number, c.json FROM part p JOIN content c ON c.number = p.content"
        " JOIN delivery d ON d.number = p.delivery WHERE p.delivery = ?1 AND p.state <> 'planned'"
        " AND p.content <> d.content ORDER BY p.number",
    [CP_SQL_WORK_TRIED] =
        "SELECT c.json FROM (SELECT content, max(try) AS newest FROM attempt WHERE delivery = ?1"
        " AND part = ?2 GROUP BY content) t JOIN content c ON c.number = t.content"
        " ORDER BY t.newest DESC",
    [CP_SQL_WORK_REMOTE] = "SELECT remote_id FROM part WHERE delivery = ?1 AND number = ?2",
    [CP_SQL_WORK_TAKEN] =
        "SELECT remote_id FROM part INDEXED BY part_published WHERE account = ?1"
        " AND published_plan_us <> 0 AND remote_id IS NOT NULL"
        " AND NOT (delivery = ?2 AND number = ?3) ORDER BY published_plan_us DESC LIMIT ?4",

    [CP_SQL_SUBJECT] =
        "SELECT d.id, d.campaign, d.post, d.occurrence, a.name, d.account, d.content, d.parts,"
        " p.tries FROM delivery d JOIN part p ON p.delivery = d.number AND p.number = ?2"
        " JOIN account a ON a.number = d.account WHERE d.number = ?1",
    [CP_SQL_BOUND] =
        "SELECT d.campaign || '/' || d.post || '/' || d.occurrence || '/' || a.name, p.number"
        " FROM part p INDEXED BY part_remote JOIN delivery d ON d.number = p.delivery"
        " JOIN account a ON a.number = d.account WHERE p.account = ?1 AND p.remote_id = ?2"
        " AND NOT (p.delivery = ?3 AND p.number = ?4)",
    /* Six forms of one change: SQLite rewrites every index that a SET list touches, needed or not. */
    [CP_SQL_PART_START] =
        "UPDATE part SET state = 'in_flight'," WRITTEN ", content = ?11, frozen = ?12,"
        " attempt_us = ?13, tries = tries + 1" COMPARE
        " AND (SELECT revision FROM delivery WHERE number = ?1) = ?14",
    [CP_SQL_PART_MOVE] = "UPDATE part SET state = ?11," WRITTEN COMPARE "",
    [CP_SQL_PART_NOTE] = "UPDATE part SET" WRITTEN COMPARE "",
    [CP_SQL_PART_CHECKPOINT] = "UPDATE part SET checkpoint = coalesce(?5, checkpoint)" COMPARE,
    [CP_SQL_PART_SEEN] =
        "UPDATE part SET" WRITTEN ", seen_us = iif(seen_us = 0, ?11, seen_us)" COMPARE,
    [CP_SQL_PART_OUT] =
        "UPDATE part SET state = ?11," WRITTEN ", remote_id = coalesce(?12, remote_id),"
        " url = coalesce(?13, url), published_us = iif(published_us = 0, ?14, published_us),"
        " published_plan_us = iif(published_plan_us = 0, ?15, published_plan_us),"
        " seen_us = iif(seen_us = 0, ?16, seen_us)" COMPARE "",
    [CP_SQL_ATTEMPT_BEGIN] =
        "INSERT INTO attempt (delivery, part, try, generation, content, began_us)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [CP_SQL_ATTEMPT_END] = "UPDATE attempt SET ended_us = ?4, outcome = ?5, evidence = ?6"
                           " WHERE delivery = ?1 AND part = ?2 AND try = ?3",

    [CP_SQL_RELEASE] = "UPDATE delivery SET due_us = ?2, send_by_us = ?3, released = 1,"
                       " revision = revision + 1 WHERE number = ?1",
    [CP_SQL_SEND_BY] =
        "UPDATE delivery SET send_by_us = ?2, revision = revision + 1 WHERE number = ?1",
    [CP_SQL_HOLD_ADD] = "INSERT INTO hold (scope, reason, placed_by, own, since_us, until_us)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, 0)",
    [CP_SQL_HOLD_GET] = "SELECT scope, until_us FROM hold WHERE number = ?1",
    [CP_SQL_HOLD_END] =
        "UPDATE hold SET until_us = ?2, end_reason = ?3, ended_by = ?4 WHERE number = ?1",
    [CP_SQL_HOLDS] = "SELECT number, scope, reason, placed_by, own, since_us, until_us FROM hold"
                     " INDEXED BY hold_stands WHERE until_us = 0 ORDER BY number",

    [CP_SQL_ENTRY_LAST] = "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1",
    [CP_SQL_ENTRY_ADD] = "INSERT INTO entry (number, plan_us, wall_us, kind, json, notice, hash)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [CP_SQL_ENTRIES] = "SELECT number, plan_us, wall_us, kind, json, notice, hash FROM entry"
                       " WHERE number > ?1 ORDER BY number",
    [CP_SQL_NOTICES] = "SELECT number, plan_us, wall_us, kind, json, notice, hash FROM entry"
                       " INDEXED BY entry_notice WHERE notice IS NOT NULL AND number > ?1"
                       " ORDER BY number",

    [CP_SQL_ROWS] =
        "SELECT d.number, d.id, d.campaign, d.post, d.occurrence, a.name, d.due_us, d.send_by_us,"
        " d.first_seen_us, d.revision, d.wanted, d.standby, d.released,"
        " CASE WHEN ?1 THEN (SELECT json FROM content WHERE number = d.content) END"
        " FROM delivery d JOIN account a ON a.number = d.account ORDER BY d.due_us, d.number",
    [CP_SQL_ROW_PARTS] =
        "SELECT number, state, generation, absences, not_before_us, seen_us, published_us, reason,"
        " remote_id, url, checkpoint <> '{}' FROM part WHERE delivery = ?1 ORDER BY number",
    [CP_SQL_ATTEMPTS] = "SELECT part, try, generation, began_us, ended_us, outcome, evidence"
                        " FROM attempt WHERE delivery = ?1 ORDER BY part, try",
};

const char *cp_sql_text(enum cp_sql id)
{
    return texts[id];
}

/* src/ledger/sql_private.h - every statement of the ledger by name; the texts are in sql.c. */
#ifndef CP_LEDGER_SQL_PRIVATE_H
#define CP_LEDGER_SQL_PRIVATE_H

#define CP_SQL_MAP(X)                                                                              \
    X(BEGIN)                                                                                       \
    X(BEGIN_READ)                                                                                  \
    X(COMMIT)                                                                                      \
    X(ROLLBACK)                                                                                    \
    X(META_GET)                                                                                    \
    X(META_SET)                                                                                    \
    X(META_DROP)                                                                                   \
    X(NEWEST)                                                                                      \
    X(ACCOUNT_BY_NAME)                                                                             \
    X(ACCOUNT_ADD)                                                                                 \
    X(ACCOUNT_SET)                                                                                 \
    X(ACCOUNT_RENAME)                                                                              \
    X(ACCOUNT_IN_USE)                                                                              \
    X(ACCOUNT_LEAVE_ALL)                                                                           \
    X(ACCOUNTS)                                                                                    \
    X(ACCOUNT_READ)                                                                                \
    X(ACCOUNT_TWIN)                                                                                \
    X(ACCOUNT_BIND)                                                                                \
    X(RECENT)                                                                                      \
    X(BOUND_COUNT)                                                                                 \
    X(CONTENT_FIND)                                                                                \
    X(CONTENT_ADD)                                                                                 \
    X(CONTENT_JSON)                                                                                \
    X(DELIVERY_BY_ROW)                                                                             \
    X(DELIVERY_BY_ID)                                                                              \
    X(DELIVERY_ADD)                                                                                \
    X(DELIVERY_SET)                                                                                \
    X(DELIVERY_CANCEL)                                                                             \
    X(PART_ADD)                                                                                    \
    X(PART_CONTENT)                                                                                \
    X(PART_CUT)                                                                                    \
    X(PART_AGAIN)                                                                                  \
    X(PART_GO)                                                                                     \
    X(PART_STATES)                                                                                 \
    X(SOURCE_GET)                                                                                  \
    X(SOURCE_SET)                                                                                  \
    X(SOURCES)                                                                                     \
    X(SNAPSHOT)                                                                                    \
    X(DUE)                                                                                         \
    X(NEXT_DUE)                                                                                    \
    X(OPEN_ONES)                                                                                   \
    X(LOAD)                                                                                        \
    X(PARTS)                                                                                       \
    X(WORK)                                                                                        \
    X(WORK_FROZEN)                                                                                 \
    X(WORK_TRIED)                                                                                  \
    X(WORK_REMOTE)                                                                                 \
    X(WORK_TAKEN)                                                                                  \
    X(SUBJECT)                                                                                     \
    X(BOUND)                                                                                       \
    X(PART_START)                                                                                  \
    X(PART_MOVE)                                                                                   \
    X(PART_NOTE)                                                                                   \
    X(PART_CHECKPOINT)                                                                             \
    X(PART_SEEN)                                                                                   \
    X(PART_OUT)                                                                                    \
    X(ATTEMPT_BEGIN)                                                                               \
    X(ATTEMPT_END)                                                                                 \
    X(RELEASE)                                                                                     \
    X(SEND_BY)                                                                                     \
    X(HOLD_ADD)                                                                                    \
    X(HOLD_GET)                                                                                    \
    X(HOLD_END)                                                                                    \
    X(HOLDS)                                                                                       \
    X(ENTRY_LAST)                                                                                  \
    X(ENTRY_ADD)                                                                                   \
    X(ENTRIES)                                                                                     \
    X(NOTICES)                                                                                     \
    X(ROWS)                                                                                        \
    X(ROW_PARTS)                                                                                   \
    X(ATTEMPTS)

enum cp_sql {
#define X(name) CP_SQL_##name,
    CP_SQL_MAP(X)
#undef X
        CP_SQL_COUNT
};

const char *cp_sql_text(enum cp_sql id);

#endif

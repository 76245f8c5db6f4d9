/* contrib/bench/sink/connection.c - bytes of one connection. */
#include "sink.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection *connection_open(int fd, SSL_CTX *tls)
{
    struct connection *connection = must_have(malloc(sizeof(*connection)));

    memset(connection, 0, offsetof(struct connection, input));
    connection->fd = fd;
    if (tls) {
        connection->tls = must_have(SSL_new(tls));
        SSL_set_fd(connection->tls, fd);
        SSL_set_accept_state(connection->tls);
    }
    return connection;
}

void connection_close(struct connection *connection)
{
    SSL_free(connection->tls);
    close(connection->fd);
    free(connection->out.bytes);
    free(connection);
}

/* Is a result of -1 or 0 only "not now"? */
static bool would_block(const struct connection *connection, int result)
{
    int reason;

    if (!connection->tls)
        return result < 0 && errno == EAGAIN;
    reason = SSL_get_error(connection->tls, result);
    ERR_clear_error();
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static int receive(struct connection *connection, char *to, size_t most)
{
    return connection->tls ? SSL_read(connection->tls, to, (int)most)
                           : (int)recv(connection->fd, to, most, 0);
}

static int transmit(struct connection *connection, const char *from, size_t size)
{
    return connection->tls ? SSL_write(connection->tls, from, (int)size)
                           : (int)send(connection->fd, from, size, MSG_NOSIGNAL);
}

bool connection_write(struct connection *connection)
{
    struct output *out = &connection->out;

    connection->blocked = false;
    while (out->sent < out->size) {
        int result = transmit(connection, out->bytes + out->sent, out->size - out->sent);

        if (result <= 0) {
            connection->blocked = would_block(connection, result);
            return connection->blocked;
        }
        out->sent += (size_t)result;
    }
    out->sent = out->size = 0;
    return !connection->closing;
}

/* Answers every complete request of the input. False: one that can never become complete. */
static bool answer_all(struct connection *connection, struct books *books)
{
    struct text rest = { connection->input, connection->used };
    struct request request;
    size_t size;

    while ((size = read_request(rest, &request)) > 0) {
        books_answer(books, &request, &connection->out);
        connection->closing |= request.close;
        rest.bytes += size;
        rest.size -= size;
    }
    memmove(connection->input, rest.bytes, rest.size);
    connection->used = rest.size;
    return connection->used < INPUT_MOST;
}

bool connection_read(struct connection *connection, struct books *books)
{
    for (;;) {
        size_t room = INPUT_MOST - connection->used;
        int result = receive(connection, connection->input + connection->used, room);

        if (result <= 0)
            return would_block(connection, result);
        connection->used += (size_t)result;
        if (!answer_all(connection, books) || !connection_write(connection))
            return false;
        /* What TLS has decrypted already epoll does not tell; the rest it does. */
        if (connection->tls ? !SSL_pending(connection->tls) : (size_t)result < room)
            return true;
    }
}

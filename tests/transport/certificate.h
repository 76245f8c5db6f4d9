/* tests/transport/certificate.h - an authority and what it signs, made anew for each run. */
#ifndef CP_TESTS_TRANSPORT_CERTIFICATE_H
#define CP_TESTS_TRANSPORT_CERTIFICATE_H

#include <openssl/ssl.h>

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/* Good for `host` (a name or an address) from a day ago until `days` from now. issuer NULL: signed by
 * itself, as an authority. */
struct certificate certificate_make(const char *host, int days, const struct certificate *issuer);
void certificate_release(struct certificate *certificate);
/* Writes it as PEM. */
void certificate_write(const struct certificate *certificate, const char *path);
/* A server's side with it; SSL_CTX_free(). */
SSL_CTX *certificate_serve(const struct certificate *certificate);

#endif

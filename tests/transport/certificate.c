/* tests/transport/certificate.c - see certificate.h. */
#include "certificate.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void add_extension(X509 *x509, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (!extension || !X509_add_ext(x509, extension, -1))
        abort();
    X509_EXTENSION_free(extension);
}

struct certificate certificate_make(const char *host, int days, const struct certificate *issuer)
{
    struct certificate made = { .x509 = X509_new(), .key = EVP_EC_gen("P-256") };
    X509 *by = issuer ? issuer->x509 : made.x509;
    X509_NAME *name = X509_get_subject_name(made.x509);
    struct in_addr address;
    char names[200];
    static long serial = 1;

    X509_set_version(made.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.x509), -2 * 86400);
    X509_gmtime_adj(X509_getm_notAfter(made.x509), days * 86400L);
    X509_set_pubkey(made.x509, made.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    X509_set_issuer_name(made.x509, X509_get_subject_name(by));
    snprintf(names, sizeof(names), "%s:%s", inet_pton(AF_INET, host, &address) == 1 ? "IP" : "DNS",
             host);
    add_extension(made.x509, by, NID_subject_alt_name, names);
    add_extension(made.x509, by, NID_basic_constraints, issuer ? "CA:FALSE" : "CA:TRUE");
    if (!X509_sign(made.x509, issuer ? issuer->key : made.key, EVP_sha256()))
        abort();
    return made;
}

void certificate_release(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
}

void certificate_write(const struct certificate *certificate, const char *path)
{
    FILE *file = fopen(path, "w");

    if (!file || !PEM_write_X509(file, certificate->x509))
        abort();
    fclose(file);
}

SSL_CTX *certificate_serve(const struct certificate *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (SSL_CTX_use_certificate(context, certificate->x509) != 1 ||
        SSL_CTX_use_PrivateKey(context, certificate->key) != 1)
        abort();
    return context;
}

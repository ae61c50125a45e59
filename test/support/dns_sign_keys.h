/* SPDX-License-Identifier: ISC */
/* Keys as dnssec-keygen wrote them for these tests, and that of RFC 6605 6.1. They protect nothing. */
#ifndef TEST_SUPPORT_DNS_SIGN_KEYS_H
#define TEST_SUPPORT_DNS_SIGN_KEYS_H

#define ZSK_PUBLIC                                                                          \
    "; This is a zone-signing key, keyid 17957, for example.\n"                             \
    "; Created: 20261121151614 (Sat Nov 21 15:16:14 2026)\n"                                \
    "; Publish: 20200101000000 (Wed Jan  1 00:00:00 2020)\n"                                \
    "; Activate: 20200101000000 (Wed Jan  1 00:00:00 2020)\n"                               \
    "example. IN DNSKEY 256 3 13 C6HrkrXauUU15VzMe+gkBw/Dsh8L3k8ZQuaQQHsW3zQEJnjCR+IQUirw " \
    "xImBfhcK4RtjCCSnvOSdHdD2/q1vRA==\n"

#define ZSK_PRIVATE                                              \
    "Private-key-format: v1.3\n"                                 \
    "Algorithm: 13 (ECDSAP256SHA256)\n"                          \
    "PrivateKey: Zo+2ngnKkxbVUyNY+3BZBgoCKBxXGdOrqM53yc8iU5I=\n" \
    "Created: 20261121151614\n"                                  \
    "Publish: 20200101000000\n"                                  \
    "Activate: 20200101000000\n"

#define KSK_PUBLIC                                                                          \
    "; This is a key-signing key, keyid 25316, for example.\n"                              \
    "; Created: 20261121151614 (Sat Nov 21 15:16:14 2026)\n"                                \
    "; Publish: 20200101000000 (Wed Jan  1 00:00:00 2020)\n"                                \
    "; Activate: 20200101000000 (Wed Jan  1 00:00:00 2020)\n"                               \
    "example. IN DNSKEY 257 3 13 NeU77HGqeRPGzwER8k08XiOksR+oTN8Hi+jRFX1PCgAmT0YoOV3RWGG0 " \
    "sh7XIOBIPJiftbb4H8H6nqjgCvUnbQ==\n"

#define KSK_PRIVATE                                              \
    "Private-key-format: v1.3\n"                                 \
    "Algorithm: 13 (ECDSAP256SHA256)\n"                          \
    "PrivateKey: inUrlHbu3BmFAg1Ou0+nUZBZmL0McWxJ1f4xX/WJ3Fk=\n" \
    "Created: 20261121151614\n"                                  \
    "Publish: 20200101000000\n"                                  \
    "Activate: 20200101000000\n"

#define OTHER_PUBLIC                                                                           \
    "; This is a key-signing key, keyid 52331, for other.test.\n"                              \
    "; Created: 20261121151614 (Sat Nov 21 15:16:14 2026)\n"                                   \
    "; Publish: 20261121151614 (Sat Nov 21 15:16:14 2026)\n"                                   \
    "; Activate: 20261121151614 (Sat Nov 21 15:16:14 2026)\n"                                  \
    "other.test. IN DNSKEY 257 3 13 UBcNy/4p0oVValpfo5DHR4gbic7xt0z88mNrp35Ao3aekmMO5kkqaMrF " \
    "mgLIdllOOonhCBT0eLifLhkyy1/o6A==\n"

#define OTHER_PRIVATE                                            \
    "Private-key-format: v1.3\n"                                 \
    "Algorithm: 13 (ECDSAP256SHA256)\n"                          \
    "PrivateKey: 4dr4w5HK7vxgCyyUqseT68HKVotzumHcqBjcmI6Wh28=\n" \
    "Created: 20261121151614\n"                                  \
    "Publish: 20261121151614\n"                                  \
    "Activate: 20261121151614\n"

#define RFC6605_PUBLIC                                                                   \
    "example.net. 3600 IN DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb " \
    "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==\n"
#define RFC6605_PRIVATE                                           \
    "Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\n" \
    "PrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=\n"

#endif

/* SPDX-License-Identifier: ISC */
/* A zone that BIND signed with keys of six algorithms: what was signed, the keys, the signatures, digests of a key. */
#ifndef TEST_DNSSEC_VECTORS_H
#define TEST_DNSSEC_VECTORS_H

static const char *const vector_keys[] = {
    "256 3 7 AwEAAaW6r9WvmIh2ojbHD9Tjm25g9E9MoSPpED0PaOFrCJtc3OmXrE1h tZGtpT3R7IZwhGkX6vg7o6tpi9hHEEskBMya4/MSzNSZb"
    "uYeI3YcCltc AVVYqogO021ahUAGGekX29WRcyxKwl4KEJFTEa0nzVaT0bW/jc1s9Gqy Gt0RJU/z",
    "256 3 8 AwEAAd9gJDStihdfFaR6hOzMW8vCG/saQ3eGxzzpJUBRv1jEWX1vke6m JdvpTxfVGYpapN3LfGodRxA/x+tvjCH6z1f3/SE/y/wHn"
    "WK2+y+CMNmi APTanCS7ept5Xn+Z2bNsjshfQ0AoQEgyhC1cSqrJ9SRCKULqxQYz3EbC 19pv7b3n",
    "256 3 10 AwEAAaB9Ch/2Nsep3FfR1J0jLnuuYrj5712gQDmEs7c/YE3bAayJOQSf WoXm73RVrG0s3Z1jBMC6XpQeec+2lvaP8TVJ3tWAiOwy"
    "/inBcdPFFFf0 VKCR1Kf8cohqNXpOlMR4CBjdO0JZKBuvY6IZnWxXzv/gYWTys0i76xr1 m1/iRBZV",
    "256 3 13 NUlJ8fhfCrvIExjoMxCpcwLhguB9J9vX/MVI810vFB3OEyhbYbHjEDnu R57oaCcNI2Nad5M/zCOqtfOPiVl3lw==",
    "256 3 14 c4StoN7bd7HedPHA2PKqjiqNa+/T4oN2r3Cuz2PJSm5ePPnBJ5gvvYDU iFrYELsLeaEUHdVBTiysF0uqYCq/t3objXABsETnWXQT"
    "zJjAIn/+Ye18 QZ7IEaypgST/3b8c",
    "256 3 15 O98re2nz4XdZsIhAXzCLxaCTGZWzmTZGnYMOPWHfhuw=",
};

static const char *const vector_mx_signatures[] = {
    "MX 7 2 3600 20380101000000 20200101000000 25782 example.test. RiagKGEPyaUFUMG/pbrSM7AsC8aDZqI0xVVqxAWk6pcXebm8"
    "WQQveL/s Fn/lCGAd+ygqPBgcEv63zaRCqZJwVE1vUrCDLS5bfvdzBcKFhQ53L/9Y l10D7NZ6Z014b+8D0SQiIUNl5aZM9tWxJU4A5B/8zQ7B"
    "WNrFA/kEl0I9 8/w=",
    "MX 8 2 3600 20380101000000 20200101000000 26475 example.test. bmTnRyN/0xhbaN8LkTnARM2/XiKel/gWTQu8caFy9isEqcFk"
    "IJEcFQZf HLWsLn3uD/kBoJErzYv+uYL+VHt4IlF3HBIcXS4XAY6n7t7cDTX/Xggm ENMy+q+Y6/bR0bMyGGQZChG9mFvV3aIW25jZA5Powy5Y"
    "anyHIUlLwtvg XA4=",
    "MX 10 2 3600 20380101000000 20200101000000 60773 example.test. CBTgqZR9+lLsfohINnbBZkzRio9kkQj4s1WIBobAlZSa+Es"
    "F2j6390oB XuA045C4GR17NknihVQmCqgrPLI5yfBFs07ohHwxMWtCbTCLvWzYel/Q 37XWYJbVl4az1rRL+49uShy7wmgDTSfU6wY/EG1QFh2"
    "BtUqMJEdOLjGY Rnk=",
    "MX 13 2 3600 20380101000000 20200101000000 8785 example.test. dSkX2wE+hBJ+vHnkrXMlB1aUyjfYabIy96UMnbu3HMHiUhgP"
    "MJUVYAkJ RIpH5Uz8zOdG917fPUmXY5FHKUkoog==",
    "MX 14 2 3600 20380101000000 20200101000000 14129 example.test. e+tKJe0HbnLTjyRdBZ68Vn7HhBBvf2ZtXWZ+lQV6RAKa04Y"
    "xA9NNbOma 1rurfpUk4wAwYv2Xx4V4Vx8gzLrl+/DTsVD75WPhll4qtDbQWfjZUtem i9lPNJNI9Z4+x0Wu",
    "MX 15 2 3600 20380101000000 20200101000000 48208 example.test. /XtZXuWh1vheC/Dshs2ZXlkr1JQ92vA31VM8kKCTjlJVxy9X"
    "75OSkv/4 YdNXnSQ7XQTT14HvL9vo1HhF4FN1BQ==",
};

static const char *const vector_txt_signatures[] = {
    "TXT 7 3 3600 20380101000000 20200101000000 25782 example.test. Fbmupg//gqwshKBKqgrPBdxsR7AeFbYb6pDSfST/1BCx1lW"
    "bhLFLj6mF zDt0q3QNLHszdtbKOq8F2wE4Qb+PqwexBMD+7kQ3WEHPlyefHI8ggRk/ +wS2CHEhAoG1Xa7T6AFEmngEA/jv+RgoMuic0cSqH+t"
    "MjycPmZGTNus4 zCc=",
    "TXT 8 3 3600 20380101000000 20200101000000 26475 example.test. W9vOmugL7YHZcXifXXa++CJGlTeBwJAco3CVIqgnMh2jZAC"
    "h8VkOc9np Heze4aYJoSgOFFhPoyoBhF7NQ+ba1JitPcXWz0z16Fb43mvFuUYlLJID ufQJusd7h918sgiWiz4PeR1xVt8qYYPWQI4iwHZMsiG"
    "h/UEWkHnDXVJw 6IY=",
    "TXT 10 3 3600 20380101000000 20200101000000 60773 example.test. dXpuukW1+GgIteRt7oLGGk6zXWKj21dfDjiFcOwK4H4fC2"
    "+q1iDgf5KL 997MkNubYz5y6vzKaULyKwHcrAQVUKfjtOCM/bOnt5OIFi8+H9G/8gWN s+C8IoGLX1LMfQjkJsQDV7WAGoN+AKXPiKkOJJ/+p7"
    "0KyZg7+CQEanFL QWU=",
    "TXT 13 3 3600 20380101000000 20200101000000 8785 example.test. MTEgHf0OTxYTpjTOp6mWNoERg+cbmL++DzzLPKzV6Bxg37H"
    "i+UZlsiQz O4ZVdlwGTMEiBt7JKNZUWQ2x8woRqg==",
    "TXT 14 3 3600 20380101000000 20200101000000 14129 example.test. KeWkpaijSp2LPJY094LFda5WPshxUwoz4ms5CqJI1nRDt0"
    "r3Z0E1qoSu b9119f60eihLMHi4DJ7ylH9yQ9puaDsuDxJFGxvrtnLI63Ux52EoTIsD J7PgTQGti5AAiNCo",
    "TXT 15 3 3600 20380101000000 20200101000000 48208 example.test. OZ0QhbNtllBD8DMpl4r0dKK/+3LqR1+jbewL70xC1fKlTux"
    "uOwLSPJ7c Vo+unIdzhebQtJ9EKGZA2wAyRoLDBA==",
};

/* The key of algorithm 15 signs itself. */
static const char vector_dnskey_signature[] =
    "DNSKEY 15 2 3600 20380101000000 20200101000000 48208 example.test. ZgyTM98+6XTGwAioyZawciJBUM4gYeg3rA050PDx+6jI"
    "eyFeNEzI0DaT LzGo5xtd+1X++d7WpHWBBzY6Rd+NDw==";

/* Of the key of algorithm 13. */
static const char *const vector_ds[] = {
    "8785 13 1 0FA16F430C562BCDEEB067E13E4D78C82C856964",
    "8785 13 2 622EC4E42AA91EA9C87B4C0C1F476ED6E190C24DB0DAEBD6C712A5DF0774475E",
    "8785 13 4 0C73FDB8D38149A7190295BCA0FB2F57E57740BDCDBC03C666E7AD30F5EB8B17C7A6F6DC0BCE62CC283FA0276DE421FA",
};

static const char *const vector_private_keys[] = {
    "Private-key-format: v1.3\n"
    "Algorithm: 13 (ECDSAP256SHA256)\n"
    "PrivateKey: kVGF93BRgLm7LN0XrD0X0cdGPZFcpw0sC9ryvrlcRdg=\n",
    "Private-key-format: v1.3\n"
    "Algorithm: 14 (ECDSAP384SHA384)\n"
    "PrivateKey: oa3FSxLUi0wKSTUojUm3H0XTE6tyJtCrvlSAoml32uTAyUGQf9phGFdEsc0xiv8b\n",
};

#endif

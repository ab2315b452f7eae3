/* SPDX-License-Identifier: ISC */
/* A record of each type, as ldns takes it from a zone file. Included in a table. */
"a.example. 300 IN A 192.0.2.1",
"a.example. 300 IN AAAA 2001:db8::1",
"w\\032x\\.y\\;\\(\\\"\\200.example. 300 IN CNAME other.example.",
"example. 300 IN NS ns1.example.",
"example. 300 IN SOA ns1.example. host\\.master.example. 2026112601 720"
    "0 3600 1209600 300",
"1.2.0.192.in-addr.arpa. 300 IN PTR a.example.",
"example. 300 IN MX 10 mail.example.",
"example. 300 IN TXT \"v=spf1 -all\" \"quote \\\" back \\\\ bell \\007 "
    "high \\255\" \"\"",
"_sip._tcp.example. 300 IN SRV 10 20 5060 sip.example.",
"example. 300 IN CAA \\# 30 8005697373756563612e6578616d706c653b20706f6"
    "c6963793d22657622",
"example. 300 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
"example. 300 IN DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/"
    "0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpft"
    "f6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==",
"host.example. 300 IN RRSIG A 5 3 86400 20260322173103 20260220173103 2"
    "642 example. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKij"
    "VCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6n"
    "wwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=",
"alfa.example. 300 IN NSEC host.example. A MX RRSIG NSEC TYPE1234",
"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 300 IN NSEC3 1 1 12 aabbccdd"
    " 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG",
"e.example. 300 IN NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
"example. 300 IN NSEC3PARAM 1 0 12 aabbccdd",
"_443._tcp.example. 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97"
    "983a1d16e8a410e4561cb106618e971",
"example. 300 IN HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1,192.0.2.2 ech="
    "AEX+DQBBpQAgACA= ipv6hint=2001:db8::1",
"example. 300 IN HTTPS 0 svc.example.",
"example. 300 IN SVCB 16 foo.example. mandatory=alpn,ipv4hint alpn=h2,h"
    "3-19 no-default-alpn port=8443 ipv4hint=192.0.2.1 dohpath=\"/dns-query"
    "{?dns}\" key667=\"hello\\210qoo\"",
"example. 300 IN NAPTR 100 50 \"s\" \"z3950+I2L+I2C\" \"\" _z3950._tcp."
    "example.",
"example. 300 IN SSHFP 2 1 123456789abcdef67890123456789abcdef67890",
"example. 300 IN LOC 42 21 54 N 71 06 18 W -24m 30m",
"example. 300 IN LOC 52 14 05.123 N 00 08 50 E 10m 200m 1000m 0.5m",
"example. 300 IN URI \\# 31 000a0001687474703a2f2f7777772e6578616d706c6"
    "52e636f6d2f70617468",
"example. 300 IN HINFO PC-Intel Linux",
"example. 300 IN RP admin.example. txt.example.",
"example. 300 IN AFSDB 1 afs.example.",
"example. 300 IN DNAME other.example.",
"example. 300 IN KX 1 kx.example.",
"example. 300 IN OPENPGPKEY AQIDBA==",
"example. 300 IN SMIMEA 3 0 0 d2abde24",
"example. 300 IN CDS 0 0 0 00",
"example. 300 IN CDNSKEY 0 3 0 AA==",
"example. 300 IN CSYNC 66 3 A NS AAAA",
"example. 300 IN ZONEMD 2018031500 1 1 c68090d90a7aed716bc459f9340e3d7c"
    "1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c",
"example. 300 IN EUI48 00-00-5e-00-53-2a",
"example. 300 IN EUI64 00-00-5e-ef-10-00-00-2a",
"example. 300 IN DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
"example. 300 IN L32 10 10.1.2.0",
"example. 300 IN LP 10 l64.example.",
"example. 300 IN CERT 1 2 5 AQIDBA==",
"example. 300 IN TYPE65280 \\# 4 0a000001",
"example. 300 IN TYPE65281 \\# 0",
"example. 300 CH TXT \"chaos\"",
". 300 IN NS a.root-servers.net.",

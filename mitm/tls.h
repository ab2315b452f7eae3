/* SPDX-License-Identifier: ISC */
/*
 * Numbers of TLS that stand on the wire and that more than one file speaks of:
 * versions (RFC 8446 section 4.2.1) and alerts (section 6, and RFC 5246 section
 * 7.2 for those that TLS 1.3 has no more). Worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_TLS_H
#define SIGHTGLASS_MITM_TLS_H

#include <stdbool.h>

enum {
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304
};

/* X(symbol, number, IANA's name) */
#define TLS_ALERT_TABLE(X)                                                    \
	X(ALERT_CLOSE_NOTIFY, 0, "close_notify")                              \
	X(ALERT_UNEXPECTED_MESSAGE, 10, "unexpected_message")                 \
	X(ALERT_BAD_RECORD_MAC, 20, "bad_record_mac")                         \
	X(ALERT_RECORD_OVERFLOW, 22, "record_overflow")                       \
	X(ALERT_HANDSHAKE_FAILURE, 40, "handshake_failure")                   \
	X(ALERT_BAD_CERTIFICATE, 42, "bad_certificate")                       \
	X(ALERT_UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate")       \
	X(ALERT_CERTIFICATE_REVOKED, 44, "certificate_revoked")               \
	X(ALERT_CERTIFICATE_EXPIRED, 45, "certificate_expired")               \
	X(ALERT_CERTIFICATE_UNKNOWN, 46, "certificate_unknown")               \
	X(ALERT_ILLEGAL_PARAMETER, 47, "illegal_parameter")                   \
	X(ALERT_UNKNOWN_CA, 48, "unknown_ca")                                 \
	X(ALERT_ACCESS_DENIED, 49, "access_denied")                           \
	X(ALERT_DECODE_ERROR, 50, "decode_error")                             \
	X(ALERT_DECRYPT_ERROR, 51, "decrypt_error")                           \
	X(ALERT_PROTOCOL_VERSION, 70, "protocol_version")                     \
	X(ALERT_INSUFFICIENT_SECURITY, 71, "insufficient_security")           \
	X(ALERT_INTERNAL_ERROR, 80, "internal_error")                         \
	X(ALERT_INAPPROPRIATE_FALLBACK, 86, "inappropriate_fallback")         \
	X(ALERT_USER_CANCELED, 90, "user_canceled")                           \
	X(ALERT_MISSING_EXTENSION, 109, "missing_extension")                  \
	X(ALERT_UNSUPPORTED_EXTENSION, 110, "unsupported_extension")          \
	X(ALERT_UNRECOGNIZED_NAME, 112, "unrecognized_name")                  \
	X(ALERT_BAD_STATUS_RESPONSE, 113, "bad_certificate_status_response")  \
	X(ALERT_UNKNOWN_PSK_IDENTITY, 115, "unknown_psk_identity")            \
	X(ALERT_CERTIFICATE_REQUIRED, 116, "certificate_required")            \
	X(ALERT_NO_APPLICATION_PROTOCOL, 120, "no_application_protocol")

enum tls_alert {
#define TLS_ALERT_ENUM(symbol, number, name) symbol = (number),
	TLS_ALERT_TABLE(TLS_ALERT_ENUM)
#undef TLS_ALERT_ENUM
};

/* Whether an alert says that its sender takes our certificate for a stranger's.
 * Only three do. unsupported_certificate, certificate_revoked and
 * certificate_expired are about what stands in a certificate that it may well
 * believe: they come of a clock or of an old library, and end when those are
 * mended. A client that offered ECH and was refused it says ech_required (121):
 * no distrust either. */
static inline bool
tls_alert_is_distrust(int alert)
{
	return alert == ALERT_BAD_CERTIFICATE ||
	    alert == ALERT_CERTIFICATE_UNKNOWN || alert == ALERT_UNKNOWN_CA;
}

#endif

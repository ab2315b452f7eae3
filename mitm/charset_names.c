/* SPDX-License-Identifier: ISC */
/*
 * Labels, and where they stand. Of the labels that the standard knows, those are here
 * that are met; where it reads one charset as a wider one (ISO 8859-1 as
 * windows-1252), so do we. Worker only.
 */
#include "mitm/charset_names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LABEL_BYTES_MAX 40u

const struct charset_row charset_rows[] = {
    {"utf-8", NULL, " utf8 unicode-1-1-utf-8 us-ascii-utf8 "},
    {"windows-1252", "CP1252", " iso-8859-1 latin1 l1 iso8859-1 iso_8859-1 "
        "us-ascii ascii cp1252 x-cp1252 iso-ir-100 x-user-defined "},
    {"windows-1250", "CP1250", " cp1250 x-cp1250 "},
    {"windows-1251", "CP1251", " cp1251 x-cp1251 "},
    {"windows-1253", "CP1253", " cp1253 x-cp1253 "},
    {"windows-1254", "CP1254", " cp1254 x-cp1254 iso-8859-9 latin5 l5 "
        "iso8859-9 iso_8859-9 "},
    {"windows-1255", "CP1255", " cp1255 x-cp1255 "},
    {"windows-1256", "CP1256", " cp1256 x-cp1256 "},
    {"windows-1257", "CP1257", " cp1257 x-cp1257 "},
    {"windows-1258", "CP1258", " cp1258 x-cp1258 "},
    {"windows-874", "CP874", " tis-620 iso-8859-11 iso8859-11 dos-874 "},
    {"iso-8859-2", "ISO-8859-2", " latin2 l2 iso8859-2 iso_8859-2 "},
    {"iso-8859-3", "ISO-8859-3", " latin3 l3 iso8859-3 iso_8859-3 "},
    {"iso-8859-4", "ISO-8859-4", " latin4 l4 iso8859-4 iso_8859-4 "},
    {"iso-8859-5", "ISO-8859-5", " cyrillic iso8859-5 iso_8859-5 "},
    {"iso-8859-6", "ISO-8859-6", " arabic iso8859-6 iso_8859-6 "},
    {"iso-8859-7", "ISO-8859-7", " greek iso8859-7 iso_8859-7 "},
    {"iso-8859-8", "ISO-8859-8", " hebrew visual iso8859-8 iso_8859-8 "
        "iso-8859-8-i logical "},
    {"iso-8859-10", "ISO-8859-10", " latin6 l6 iso8859-10 "},
    {"iso-8859-13", "ISO-8859-13", " iso8859-13 "},
    {"iso-8859-14", "ISO-8859-14", " iso8859-14 "},
    {"iso-8859-15", "ISO-8859-15", " l9 latin9 iso8859-15 iso_8859-15 "},
    {"iso-8859-16", "ISO-8859-16", " iso8859-16 "},
    {"koi8-r", "KOI8-R", " koi koi8 koi8_r cskoi8r "},
    {"koi8-u", "KOI8-U", " koi8-ru "},
    {"ibm866", "CP866", " cp866 866 csibm866 "},
    {"macintosh", "MACINTOSH", " mac x-mac-roman csmacintosh "},
    {"gb18030", "GB18030", " gbk gb2312 gb_2312 gb_2312-80 chinese x-gbk "
        "csgb2312 "},
    {"big5", "BIG5-HKSCS", " big5-hkscs cn-big5 x-x-big5 csbig5 "},
    {"euc-jp", "EUC-JP", " x-euc-jp cseucpkdfmtjapanese "},
    {"iso-2022-jp", "ISO-2022-JP", " csiso2022jp "},
    {"shift_jis", "CP932", " shift-jis sjis x-sjis ms932 windows-31j "
        "csshiftjis ms_kanji "},
    {"euc-kr", "CP949", " ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean "
        "windows-949 cseuckr "},
    {"utf-16le", "UTF-16LE", " utf-16 unicode ucs-2 csunicode iso-10646-ucs-2 "},
    {"utf-16be", "UTF-16BE", " unicodefffe "},
};
const size_t charset_row_count = ARRAY_LENGTH(charset_rows);

/* --- labels --- */

const struct charset_row *
charset_find(struct bytes label)
{
	char padded[LABEL_BYTES_MAX + 3];

	if (label.length == 0 || label.length > LABEL_BYTES_MAX)
		return NULL;
	padded[0] = padded[label.length + 1] = ' ';
	padded[label.length + 2] = '\0';
	for (size_t i = 0; i < label.length; i++) {
		if (label.data[i] <= ' ')
			return NULL;
		padded[i + 1] = (char)tolower(label.data[i]);
	}
	for (size_t i = 0; i < charset_row_count; i++) {
		const struct charset_row *row = &charset_rows[i];
		if ((strlen(row->name) == label.length &&
		        memcmp(row->name, padded + 1, label.length) == 0) ||
		    strstr(row->labels, padded) != NULL)
			return row;
	}
	return NULL;
}

/* --- a text on its way --- */

static void
advance(struct bytes *text, size_t length)
{
	text->data += length;
	text->length -= length;
}

static bool
begins_with(struct bytes text, const char *with)
{
	size_t length = strlen(with);

	return text.length >= length &&
	    strncasecmp((const char *)text.data, with, length) == 0;
}

/* Up to where `what` stands; false: it does not. */
static bool
skip_to(struct bytes *text, const char *what)
{
	while (text->length > 0 && !begins_with(*text, what))
		advance(text, 1);
	return text->length > 0;
}

static void
skip_blanks(struct bytes *text)
{
	while (text->length > 0 && isspace(text->data[0]))
		advance(text, 1);
}

/* The value behind "=", with or without quotes. */
static struct bytes
take_value(struct bytes *text)
{
	skip_blanks(text);
	if (text->length == 0 || text->data[0] != '=')
		return (struct bytes){0};
	advance(text, 1);
	skip_blanks(text);
	uint8_t quote = text->length > 0 ? text->data[0] : '\0';
	if (quote == '"' || quote == '\'')
		advance(text, 1);
	else
		quote = '\0';
	struct bytes value = {text->data, 0};
	while (text->length > 0 && (quote != '\0' ? text->data[0] != quote
	        : !isspace(text->data[0]) && strchr(";\"'/>?", text->data[0]) == NULL)) {
		value.length++;
		advance(text, 1);
	}
	return value;
}

/* --- documents --- */

static struct bytes
xml_encoding(struct bytes document)
{
	struct bytes declaration = document, end = document;

	if (!begins_with(document, "<?xml") || !skip_to(&end, "?>"))
		return (struct bytes){0};
	declaration.length -= end.length;
	if (!skip_to(&declaration, "encoding"))
		return (struct bytes){0};
	advance(&declaration, strlen("encoding"));
	return take_value(&declaration);
}

/* Of one tag, which ends before `end`: charset="…", or content="…; charset=…". */
static struct bytes
meta_charset(struct bytes tag)
{
	while (skip_to(&tag, "charset")) {
		advance(&tag, strlen("charset"));
		struct bytes value = take_value(&tag);
		if (value.length > 0)
			return value;
	}
	return (struct bytes){0};
}

struct bytes
charset_declared(struct bytes document)
{
	struct bytes value = xml_encoding(document);

	while (value.length == 0 && skip_to(&document, "<")) {
		struct bytes tag = document;
		if (begins_with(document, "<!--")) {
			if (!skip_to(&document, "-->"))
				break;
			continue;
		}
		if (begins_with(document, "<meta") && skip_to(&document, ">")) {
			tag.length -= document.length;
			value = meta_charset(tag);
		}
		if (document.length > 0)
			advance(&document, 1);
	}
	return value;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dmvlctl shows of a device: a guest writes half of it, and must neither reach the terminal or
 * a reader of JSON raw, nor keep the others from being shown. Input: KEY=VALUE lines.
 */
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "backend/ctl/view.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/dir.h"

static struct ctl ctl;

static void check_text(const struct view *view, enum schema_key key)
{
	char out[VIEW_TEXT_MAX];

	must(view_text(view, key, out, sizeof(out)) == out);
	must(fuzz_is_sentence(out, sizeof(out)));
	if (view_is_malformed(view, key))
		must(out[0] == '"');
}

static void check_json(const struct ldp_view *view)
{
	struct json_object *object = ldp_view_json(view), *again;
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);

	must(fuzz_is_sentence(text, 1u << 20));
	again = json_tokener_parse(text);
	must(again && json_object_equal(object, again));
	json_object_put(again);
	json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_block(data, size);
	struct ldp_view view;
	char state[64];

	if (!ctl.xs)
		must(xs_conn_open(&ctl.xs) == 0);
	memset(&view, 0, sizeof(view));
	dir_set(bytes, size);
	/* Whatever is in there. */
	must(view_read(&ctl, DIR_PATH, SCHEMA_BACK, &view.keys) == 0);
	must(view_read(&ctl, DIR_PATH, SCHEMA_FRONT, &view.keys) == 0);
	for (int key = 0; key < KEY_COUNT; key++)
		check_text(&view.keys, (enum schema_key)key);
	must(fuzz_is_sentence(ldp_view_state(&view, state, sizeof(state)), sizeof(state)));
	check_json(&view);
	ldp_view_free(&view);
	free(bytes);
	return 0;
}

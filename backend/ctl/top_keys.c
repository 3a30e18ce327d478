/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_keys.h"

#include <string.h>

static void type(struct top_model *m, int key)
{
	size_t len = strlen(m->filter);

	if (key == TOP_KEY_ENTER || key == TOP_KEY_ESCAPE)
		m->typing = false;
	if (key == TOP_KEY_ESCAPE)
		m->filter[0] = '\0';
	else if (key == TOP_KEY_ERASE && len > 0)
		m->filter[len - 1] = '\0';
	else if (key >= 0x20 && key <= 0x7e && len + 1 < sizeof(m->filter)) {
		m->filter[len] = (char)key;
		m->filter[len + 1] = '\0';
	}
	top_model_arrange(m);
}

/* True: it was a key that moves the cursor. */
static bool move(struct top_model *m, int key)
{
	unsigned at = m->cursor, page = m->page_rows ? m->page_rows : 1;

	if (key == TOP_KEY_UP || key == 'k')
		at -= at > 0;
	else if (key == TOP_KEY_DOWN || key == 'j')
		at++;
	else if (key == TOP_KEY_PAGE_UP)
		at -= at < page ? at : page;
	else if (key == TOP_KEY_PAGE_DOWN)
		at += page;
	else if (key == TOP_KEY_HOME)
		at = 0;
	else if (key == TOP_KEY_END)
		at = m->shown;
	else
		return false;
	top_model_select(m, at);
	return true;
}

/* True: it was a key that changes the order. */
static bool order(struct top_model *m, int key)
{
	static const char letter[TOP_SORTS] = {
		[TOP_BY_NAME] = 'N',  [TOP_BY_STATE] = 'E',  [TOP_BY_TX] = 'T',
		[TOP_BY_RX] = 'R',    [TOP_BY_SHARE] = 'S',  [TOP_BY_DELAY] = 'D',
		[TOP_BY_DROPS] = 'X', [TOP_BY_WEIGHT] = 'W', [TOP_BY_BALANCE] = 'B',
	};
	const char *found = key > 0 && key < 128 ? memchr(letter, key, TOP_SORTS) : NULL;

	if (found)
		m->sort = (enum top_sort)(found - letter);
	else if (key == 's')
		m->sort = (m->sort + 1) % TOP_SORTS;
	else if (key == 'r')
		m->reversed = !m->reversed;
	else if (key == 'd')
		m->dir = m->dir == TOP_TX ? TOP_RX : TOP_TX;
	else
		return false;
	top_model_arrange(m);
	return true;
}

/* Escape goes back: from a page to the list, and there to all devices. */
static void go_back(struct top_model *m)
{
	if (m->page == TOP_LIST)
		m->filter[0] = '\0';
	m->page = TOP_LIST;
	top_model_arrange(m);
}

void top_keys_press(struct top_model *m, int key)
{
	if (m->typing) {
		type(m, key);
		return;
	}
	if (move(m, key) || order(m, key))
		return;
	if (key == 'q' && m->page == TOP_LIST)
		m->done = true;
	else if (key == TOP_KEY_ESCAPE || key == 'q')
		go_back(m);
	else if (key == '?' || key == 'h')
		m->page = m->page == TOP_HELP ? TOP_LIST : TOP_HELP;
	else if (key == TOP_KEY_ENTER)
		m->page = m->page == TOP_LIST && m->at ? TOP_DETAIL : TOP_LIST;
	else if (key == '/') {
		m->page = TOP_LIST;
		m->typing = true;
	} else if (key == TOP_KEY_LEFT)
		m->column -= m->column > 0;
	else if (key == TOP_KEY_RIGHT)
		m->column++; /* the page takes back what is too much */
}

/* src/engine/heap.c - binary heaps whose members know their place, so that any can be taken out. */
#include "engine/engine_private.h"

static bool before(const struct node *a, const struct node *b)
{
    return a->key < b->key || (a->key == b->key && a->tie < b->tie);
}

static void set(struct heap *heap, size_t index, struct node *node)
{
    heap->items[index] = node;
    node->index = (uint32_t)index;
}

static void sift_up(struct heap *heap, size_t index)
{
    struct node *node = heap->items[index];

    while (index > 0 && before(node, heap->items[(index - 1) / 2])) {
        set(heap, index, heap->items[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    set(heap, index, node);
}

static void sift_down(struct heap *heap, size_t index)
{
    struct node *node = heap->items[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child + 1 < heap->count && before(heap->items[child + 1], heap->items[child]))
            child++;
        if (child >= heap->count || !before(heap->items[child], node))
            break;
        set(heap, index, heap->items[child]);
        index = child;
    }
    set(heap, index, node);
}

static bool reserve(struct heap *heap)
{
    size_t capacity = heap->capacity ? 2 * heap->capacity : 16;
    struct node **items;

    if (heap->count < heap->capacity)
        return true;
    items = realloc(heap->items, capacity * sizeof(struct node *));
    if (!items)
        return false;
    heap->items = items;
    heap->capacity = capacity;
    return true;
}

bool engine_heap_put(struct heap *heap, struct node *node, int64_t key)
{
    engine_heap_remove(node);
    if (!reserve(heap))
        return false;
    node->key = key;
    node->heap = heap;
    set(heap, heap->count++, node);
    sift_up(heap, node->index);
    return true;
}

void engine_heap_remove(struct node *node)
{
    struct heap *heap = node->heap;
    size_t index = node->index;
    struct node *last;

    if (!heap)
        return;
    node->heap = NULL;
    last = heap->items[--heap->count];
    if (last == node)
        return;
    set(heap, index, last);
    sift_up(heap, index);
    sift_down(heap, last->index);
}

void engine_heap_release(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){ 0 };
}

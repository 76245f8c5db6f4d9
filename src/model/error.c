/* src/model/error.c - see error.h. */
#include "model/error.h"

const struct cp_error_domain cp_model_errors = { "model" };

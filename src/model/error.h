/* src/model/error.h - what the readers of this module complain with. */
#ifndef CP_MODEL_ERROR_H
#define CP_MODEL_ERROR_H

#include "base/error.h"

extern const struct cp_error_domain cp_model_errors;
enum cp_model_code {
    CP_MODEL_FACTS = 1, /* an adapter's facts are not of the form of facts.h */
    CP_MODEL_CONTENT,   /* a stored content is not of the form of content.h */
    CP_MODEL_SCOPE,     /* not a scope */
};

#endif

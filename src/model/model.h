/* src/model/model.h - campaigns, accounts, deliveries and parts as data. Pure: no I/O, no clock.
 *
 *     campaign.h  what people wrote: campaign, organisations, events, posts
 *     config.h    what this machine has: accounts, limits, places
 *     facts.h     what is known of a server: limits, guarantee, who we are there
 *     part.h      the states of a part and the one table of legal steps
 *     content.h   what one delivery says, rendered: as a structure, as JSON, as a hash
 *     key.h       delivery ids and wire keys
 *     error.h     what the readers of this module complain with
 *     scope.h     what a hold, a release or --only covers
 */
#ifndef CP_MODEL_MODEL_H
#define CP_MODEL_MODEL_H

#include "model/campaign.h"
#include "model/config.h"
#include "model/content.h"
#include "model/error.h"
#include "model/facts.h"
#include "model/key.h"
#include "model/part.h"
#include "model/scope.h"

#endif

# Completion of camp-post for bash. Install as /usr/share/bash-completion/completions/camp-post.
# Names of accounts and posts are not completed: that would read the ledger on every Tab.

_camp_post_commands="new check plan run status show log hold release cancel retry resolve login
    accounts adapters"

# The first word that is a command; empty when none was typed yet.
_camp_post_command() {
    local i
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --config | --format | --only | --clock | --reason | --send-by | --published | --adapter) ((i++)) ;;
        -*) ;;
        *)
            [[ " ${_camp_post_commands//$'\n'/ } " == *" ${words[i]} "* ]] && echo "${words[i]}"
            return
            ;;
        esac
    done
}

_camp_post_options() {
    local decide="--reason --dry-run --json"

    echo "--config --help"
    case $1 in
    '') echo "--dry-run --requests --only --clock --verbose --json --version" ;;
    new) echo "--dry-run" ;;
    login) echo "--adapter" ;;
    check) echo "--online --json" ;;
    plan) echo "--requests --only --clock --verbose --json" ;;
    run) echo "--once --only --clock --dry-run" ;;
    log) echo "--notices --json" ;;
    hold | cancel) echo "$decide" ;;
    release) echo "$decide --standby --late" ;;
    retry) echo "$decide --send-by" ;;
    resolve) echo "$decide --published --absent --cancel" ;;
    *) echo "--json" ;;
    esac
}

# Beginnings of scopes. After a colon there is nothing to offer, and readline would double the word.
_camp_post_scopes() {
    [[ $cur == *:* ]] && return
    mapfile -t COMPREPLY < <(compgen -W "all campaign: organisation: account:" -- "$cur")
    [[ ${COMPREPLY[0]-} == *: ]] && compopt -o nospace 2>/dev/null
}

_camp_post() {
    local cur prev words cword command

    # shellcheck disable=SC2034 # set for the functions of bash-completion
    if declare -F _init_completion >/dev/null; then
        _init_completion -n : || return
    else
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    fi
    command=$(_camp_post_command)
    case $prev in
    --clock | --reason | --send-by | --published | --adapter) return ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur")
        return
        ;;
    --only)
        _camp_post_scopes
        return
        ;;
    --config)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_camp_post_options "$command")" -- "$cur")
        return
    fi
    case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "$_camp_post_commands" -- "$cur") ;;
    check | plan | run) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    new) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    hold | release | cancel | retry | status | log) _camp_post_scopes ;;
    esac
}

complete -o filenames -o bashdefault -F _camp_post camp-post

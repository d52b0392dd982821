# Completion of destination-dynamodb for bash.
_destination_dynamodb() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' each IFS=$'\n'
  case $before in
    --config | --catalog | --state)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word"))
      return ;;
  esac
  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in spec | check | write | discover) command=$each ;; esac
  done
  case $command in
    '') COMPREPLY=($(compgen -W $'spec\ncheck\nwrite\ndiscover\n--help\n--version' -- "$word")) ;;
    check) COMPREPLY=($(compgen -W $'--config\n--help' -- "$word")) ;;
    write) COMPREPLY=($(compgen -W $'--config\n--catalog\n--help' -- "$word")) ;;
    *) COMPREPLY=($(compgen -W '--help' -- "$word")) ;;
  esac
}
complete -F _destination_dynamodb destination-dynamodb

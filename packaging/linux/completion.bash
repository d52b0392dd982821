# Completion of destination-dynamodb for bash.
_destination_dynamodb() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' each
  case $before in
    --config | --catalog | --state)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return ;;
  esac
  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in spec | check | write | discover) command=$each ;; esac
  done
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W 'spec check write discover --help --version' -- "$word") ;;
    check) mapfile -t COMPREPLY < <(compgen -W '--config --help' -- "$word") ;;
    write) mapfile -t COMPREPLY < <(compgen -W '--config --catalog --help' -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$word") ;;
  esac
}
complete -F _destination_dynamodb destination-dynamodb

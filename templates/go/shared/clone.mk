SOURCE_DIR=[[ upstream_folder ]]
# Named after the commit, so that a new pin clones again, and made last, so that an
# interrupted clone starts over.
SOURCE_STAMP=sources/.$([[ pin_variable ]])

$(SOURCE_STAMP):
	rm -rf sources
	mkdir -p $(SOURCE_DIR)
	cd $(SOURCE_DIR) && \
		git init -q && \
		git remote add origin $([[ repo_variable ]]) && \
		git fetch -q --depth 1 origin $([[ pin_variable ]]) && \
		git checkout -q FETCH_HEAD && \
		git submodule update --init --recursive --depth 1
	touch $@

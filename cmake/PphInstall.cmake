# What `cmake --install` puts where.  An installed tree works from any prefix: the executable finds
# its plugins relative to itself, and pphost.pc and pphostConfig.cmake do likewise.

# Included before the targets exist: the folders they need to know.
set(PPH_INSTALL_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/pphost/plugins)
set(PPH_PLUGIN_SOURCE_DIR ${PROJECT_SOURCE_DIR}/plugins)
# From the folder of the executable to the plugins that came with it.
file(RELATIVE_PATH PPH_PLUGIN_DIR_FROM_BIN /${CMAKE_INSTALL_BINDIR} /${PPH_INSTALL_PLUGIN_DIR})
# Likewise from the folder of the library.
file(RELATIVE_PATH PPH_PLUGIN_DIR_FROM_LIB /${CMAKE_INSTALL_LIBDIR} /${PPH_INSTALL_PLUGIN_DIR})

# The build folder looks like an installed tree to the executable.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/plugins ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/pphost)
file(CREATE_LINK ${PROJECT_BINARY_DIR}/plugins ${PROJECT_BINARY_DIR}/${PPH_INSTALL_PLUGIN_DIR} SYMBOLIC)

function(pph_install)
    include(CMakePackageConfigHelpers)
    set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pphost)
    set(generated ${PROJECT_BINARY_DIR}/package)

    install(TARGETS pphost RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pphost DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
            FILES_MATCHING PATTERN "*.h")
    install(TARGETS pphost_abi pphost_shared pphost_static EXPORT pphost
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT pphost NAMESPACE pphost:: FILE pphostTargets.cmake DESTINATION ${config_dir})

    configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/pphostConfig.cmake.in
        ${generated}/pphostConfig.cmake INSTALL_DESTINATION ${config_dir}
        PATH_VARS PPH_INSTALL_PLUGIN_DIR CMAKE_INSTALL_BINDIR)
    write_basic_package_version_file(${generated}/pphostConfigVersion.cmake
        COMPATIBILITY SameMajorVersion)
    install(FILES ${generated}/pphostConfig.cmake ${generated}/pphostConfigVersion.cmake
                  ${PROJECT_SOURCE_DIR}/cmake/plugin.map DESTINATION ${config_dir})

    set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    file(RELATIVE_PATH PPH_PREFIX_FROM_PC /${pc_dir} /)
    foreach (name pphost libpphost)
        configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${generated}/${name}.pc @ONLY)
        install(FILES ${generated}/${name}.pc DESTINATION ${pc_dir})
    endforeach ()

    foreach (name LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md)
        install(FILES ${PROJECT_SOURCE_DIR}/${name} DESTINATION ${CMAKE_INSTALL_DOCDIR})
    endforeach ()
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs ${PROJECT_SOURCE_DIR}/configs/examples
            DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.yaml")
    # Made by the executable while it is built.
    install(FILES ${PROJECT_BINARY_DIR}/share/man/man1/pphost.1
            DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${PROJECT_BINARY_DIR}/share/bash-completion/completions/pphost
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endfunction()

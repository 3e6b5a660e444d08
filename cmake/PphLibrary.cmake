# libpphost, for programs: a shared and a static library of all layers but that of the command line.
#
# Nothing can be seen of either from outside but what <pphost/pphost.h> declares.  For the static one that takes a step
# of its own, since a program that is linked with it has names too: all objects become one, and what is hidden in that
# becomes local.  Link-time optimization ends there, so that any compiler and linker can go on with it.

set(PPH_LIBRARY_SOVERSION 0)

# pph_add_library(LAYER...): the targets pphost_shared and pphost_static.
function(pph_add_library)
    list(TRANSFORM ARGN REPLACE "(.+)" "$<TARGET_OBJECTS:pphost_\\1>" OUTPUT_VARIABLE objects)

    add_library(pphost_shared SHARED ${objects})
    target_link_libraries(pphost_shared PUBLIC pphost_abi
        PRIVATE PkgConfig::YAML Threads::Threads ${CMAKE_DL_LIBS})
    target_link_options(pphost_shared PRIVATE
        -Wl,-z,defs -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/pphost.map)
    set_target_properties(pphost_shared PROPERTIES OUTPUT_NAME pphost EXPORT_NAME pphost
        LINKER_LANGUAGE C VERSION ${PROJECT_VERSION} SOVERSION ${PPH_LIBRARY_SOVERSION}
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}
        LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/pphost.map)

    set(all ${CMAKE_CURRENT_BINARY_DIR}/pphost_all.o)
    set(ends_lto)
    if (CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL GNU)
        set(ends_lto -flto=auto -flinker-output=nolto-rel)
    endif ()
    add_custom_command(OUTPUT ${all}
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib ${ends_lto} -o ${all} ${objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${all}
        DEPENDS ${objects} COMMENT "Making one object of libpphost.a" COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties(${all} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    add_library(pphost_static STATIC ${all})
    target_link_libraries(pphost_static INTERFACE pphost_abi ${YAML_LIBRARIES} ${CMAKE_DL_LIBS} pthread)
    set_target_properties(pphost_static PROPERTIES OUTPUT_NAME pphost LINKER_LANGUAGE C
        ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR})
endfunction()
